import re

import pytest

from doorward.domain.errors import InvalidRefreshToken
from doorward.domain.sessions.session import new_session_id
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.testing.builders import REFRESH_TOKENS
from doorward.testing.doubles import NOON

SESSION = new_session_id(NOON)


def test_reading_a_token_returns_what_it_was_made_of() -> None:
    """RF-01."""
    token = REFRESH_TOKENS.first(SESSION)
    assert REFRESH_TOKENS.read(token.value) == token
    assert re.fullmatch(r"[A-Za-z0-9_-]{86}", token.value)
    assert len(token.hash) == 32
    assert token.value not in repr(token)


def test_first_tokens_differ() -> None:
    """RF-01."""
    assert len({REFRESH_TOKENS.first(SESSION).value for _ in range(100)}) == 100


def test_a_token_has_one_successor_that_is_genuine_and_of_the_same_session() -> None:
    first = REFRESH_TOKENS.first(SESSION)
    (successor,) = REFRESH_TOKENS.successors(first)
    assert [successor] == REFRESH_TOKENS.successors(REFRESH_TOKENS.read(first.value))
    assert REFRESH_TOKENS.read(successor.value) == successor
    assert successor.session_id == SESSION
    assert successor.hash != first.hash


@pytest.mark.parametrize(
    "value",
    ["", "x", "A" * 85, "A" * 87, "A" * 85 + "B", "A" * 85 + "=", "é" * 86, "A" * 86 + "\n", " " + "A" * 85, "A.A.A"],
)
def test_text_without_the_form_of_a_token_is_refused(value: str) -> None:
    """TK-24."""
    with pytest.raises(InvalidRefreshToken):
        REFRESH_TOKENS.read(value)


def test_a_token_with_a_changed_character_is_not_genuine() -> None:
    value = REFRESH_TOKENS.first(SESSION).value
    for place in range(0, 85, 7):
        changed = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
        assert not REFRESH_TOKENS.read(changed).genuine


def test_another_secret_makes_other_tokens_and_the_previous_secret_is_known() -> None:
    old = MasterSecret(b"the secret that was in use before, for a long time")
    new = MasterSecret(b"the secret that came after it, and is in use now", previous=old)
    before, after = DerivedRefreshTokens(old), DerivedRefreshTokens(new)
    token = before.first(SESSION)
    assert after.read(token.value).genuine
    assert before.successors(token)[0] == after.successors(token)[1]
    assert before.successors(token)[0] != after.successors(token)[0]
    assert not before.read(after.first(SESSION).value).genuine
