"""The contract of PasswordStrength on the estimate of zxcvbn in both dialects, and on the double."""

import pytest

from doorward.application.ports.security import PasswordStrength
from doorward.infrastructure.security.password_strength import LOWEST_ACCEPTED_SCORE_IN_TUTORIAL, ZxcvbnPasswordStrength
from doorward.testing.contracts.password_strength import *  # noqa: F403 the tests of the contract
from doorward.testing.contracts.password_strength import FORBIDDEN
from doorward.testing.doubles import ShortBlocklist

STRENGTHS: dict[str, PasswordStrength] = {
    "zxcvbn": ZxcvbnPasswordStrength(),
    "zxcvbn-tutorial": ZxcvbnPasswordStrength(lowest_score=LOWEST_ACCEPTED_SCORE_IN_TUTORIAL),
    "double": ShortBlocklist(frozenset({FORBIDDEN})),
}


@pytest.fixture(params=STRENGTHS)
def password_strength(request: pytest.FixtureRequest) -> PasswordStrength:
    return STRENGTHS[request.param]
