from typing import Final, final

from doorward.application.ports.profiles import ProfileSchema
from doorward.domain.accounts.profile import Profile


@final
class AnyProfile:
    """The schema of an operator who has none: every profile passes."""

    def check(self, profile: Profile) -> None:
        """Do nothing."""


ANY_PROFILE: Final[ProfileSchema] = AnyProfile()
