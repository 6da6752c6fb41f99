from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "advice", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What `doorward doctor` found about one subject. `fix` says what to do unless the state is `ok`."""

    check: str
    state: State
    text: str
    fix: str = ""

    @classmethod
    def judged(cls, check: str, text: str, *, good: bool, fix: str, otherwise: State = "wrong") -> "Finding":
        return (
            cls(check=check, state="ok", text=text) if good else cls(check=check, state=otherwise, text=text, fix=fix)
        )
