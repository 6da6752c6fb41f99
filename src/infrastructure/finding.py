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
        """Return a finding with the state `ok` if it is good, and with the state `otherwise` and the fix if not."""
        if good:
            return cls(check=check, state="ok", text=text)
        return cls(check=check, state=otherwise, text=text, fix=fix)
