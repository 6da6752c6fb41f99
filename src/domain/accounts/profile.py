from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps, loads
from typing import Annotated, Any, Final, Self

from doorward.domain.errors import InvalidProfile
from doorward.domain.personal_data import Held

MAX_PROFILE_BYTES: Final = 4_096
MAX_PROFILE_LEVELS: Final = 5
MAX_PROFILE_VALUES: Final = 100
"""The limit of members and items, on all levels together. An empty object or list counts as one more."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the operator's own programs keep with an account: a JSON object, as its shortest text.

    Doorward itself reads nothing in it. No token and no letter contains it.
    """

    text: Annotated[str, Held("Programs of the operator keep it with the account.")]

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> Self:
        """Return the profile with these members, which are strict JSON. Raise InvalidProfile if it is too long."""
        text = dumps(members, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if len(text.encode()) > MAX_PROFILE_BYTES:
            raise InvalidProfile(f"A profile has at most {MAX_PROFILE_BYTES:,} bytes of JSON in UTF-8.")
        return cls(text)

    @property
    def members(self) -> dict[str, Any]:
        members: dict[str, Any] = loads(self.text)
        return members


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """The profile that replaces the present one as a whole; None clears it."""

    profile: Profile | None
