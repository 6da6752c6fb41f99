"""The contract of LinkTokens on random tokens, and on the double."""

import pytest

from doorward.application.ports.letters import LinkTokens
from doorward.infrastructure.security.link_tokens import RandomLinkTokens
from doorward.testing.contracts.link_tokens import *  # noqa: F403 the tests of the contract
from doorward.testing.doubles import PlainLinkTokens
from support.contract_doubles import fails_for_doubles


@pytest.fixture(params=[RandomLinkTokens, PlainLinkTokens])
def link_tokens(request: pytest.FixtureRequest) -> LinkTokens:
    if request.param is PlainLinkTokens:
        fails_for_doubles(request, "test_a_token_is_long_enough_for_256_bits")
    made: LinkTokens = request.param()
    return made
