"""The ports of profiles: their repository, and the operator's schema."""

from typing import Protocol

from doorward.domain.accounts.profile import Profile
from doorward.domain.ids import UserId


class ProfileReader(Protocol):
    async def of_user(self, user_id: UserId) -> Profile | None:
        """Return the profile of the account, or None."""
        ...


class ProfileRepository(ProfileReader, Protocol):
    async def put(self, user_id: UserId, profile: Profile) -> None:
        """Store the profile in place of the present one, and announce a change of the account. Raise AccountMissing if
        there is no such account. The caller holds the account (`UserRepository.lock`)."""
        ...

    async def clear(self, user_id: UserId) -> None:
        """Delete the profile, and announce a change of the account. Do nothing if there is no profile."""
        ...


class ProfileSchema(Protocol):
    """What the operator requires of profiles."""

    def check(self, profile: Profile) -> None:
        """Raise InvalidProfile if the schema forbids the profile. Without a schema everything passes."""
        ...
