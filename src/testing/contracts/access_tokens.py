"""The contract of AccessTokens, for a fixture `access_tokens` with a key that signs from NOON on.

Tokens live for at least a minute and at most an hour, unless their session ends before.
"""

from datetime import timedelta

import pytest

from doorward.application.ports.security import AccessTokens
from doorward.domain.access.role import ADMIN
from doorward.domain.errors import InvalidToken
from doorward.domain.sessions.session import new_session_id
from doorward.testing.builders import a_user, issued
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON

SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NO_TOKENS = (
    "",
    ".",
    "..",
    "a.b.c",
    "/////",
    "a" * 10_000,
    "e30.e30.",
    "eyJhbGciOiJub25lIn0.e30.",
    "\0",
    "\ud800",
    "\uff11" * 40,
    " \n",
    "9" * 400,
    "/".join(["9" * 400] * 6),
)


@proves(AccessTokens.issue, "Return a token", "It contains the id and the epoch")
@proves(AccessTokens.verify, "Return what the token says")
def test_a_token_names_the_account_its_epoch_and_the_session(access_tokens: AccessTokens) -> None:
    user, session_id = a_user("grace", ADMIN).disabled_now(), new_session_id(NOON)
    read = access_tokens.verify(issued(access_tokens, user, session_id=session_id).value, NOON)
    assert (read.subject, read.epoch, read.session_id) == (user.id, user.epoch, session_id)
    assert user.epoch == 1


@proves(AccessTokens.issue, "It has an id of its own")
def test_no_two_tokens_share_an_id(access_tokens: AccessTokens) -> None:
    """TK-15: what is denied is denied by its id."""
    user, session_id = a_user(), new_session_id(NOON)
    tokens = [issued(access_tokens, user, session_id=session_id).value for _ in range(20)]
    assert len({access_tokens.verify(token, NOON).id for token in tokens}) == len(set(tokens)) == 20


@proves(AccessTokens.issue, "Its times are whole seconds", "It is valid for `expires_in` seconds")
def test_the_times_of_a_token_are_whole_seconds(access_tokens: AccessTokens) -> None:
    for now in (NOON, NOON + MICROSECOND, NOON + SECOND - MICROSECOND):
        token = issued(access_tokens, a_user(), now)
        read = access_tokens.verify(token.value, now)
        assert read.issued_at == NOON
        assert read.expires_at == NOON + token.expires_in * SECOND
        assert type(token.expires_in) is int
        assert MINUTE <= read.expires_at - read.issued_at <= HOUR


@proves(AccessTokens.issue, "It expires at `ends_at` at the latest")
def test_a_token_ends_with_its_session(access_tokens: AccessTokens) -> None:
    """RF-08."""
    token = access_tokens.issue(a_user(), new_session_id(NOON), NOON, NOON + 10.9 * SECOND)
    assert token.expires_in == 10
    assert access_tokens.verify(token.value, NOON + 9 * SECOND).expires_at == NOON + 10 * SECOND
    with pytest.raises(InvalidToken):
        access_tokens.verify(token.value, NOON + 10 * SECOND)


@proves(AccessTokens.issue, "It is valid for `expires_in` seconds")
def test_a_token_is_valid_for_a_second_at_least(access_tokens: AccessTokens) -> None:
    for left in (timedelta(0), MICROSECOND, SECOND / 2):
        token = access_tokens.issue(a_user(), new_session_id(NOON), NOON, NOON + left)
        assert token.expires_in == 1
        assert access_tokens.verify(token.value, NOON + SECOND - MICROSECOND).issued_at == NOON


@proves(AccessTokens.verify, "Raise InvalidToken from the moment")
def test_a_token_is_valid_until_it_expires_and_not_at_that_moment(access_tokens: AccessTokens) -> None:
    """TK-08."""
    token = issued(access_tokens, a_user())
    expires_at = NOON + token.expires_in * SECOND
    assert access_tokens.verify(token.value, expires_at - MICROSECOND).expires_at == expires_at
    for now in (expires_at, expires_at + MICROSECOND, expires_at + timedelta(days=1)):
        with pytest.raises(InvalidToken):
            access_tokens.verify(token.value, now)


@proves(AccessTokens.verify, "Raise InvalidToken more than five seconds before")
def test_another_clock_may_be_five_seconds_ahead_and_no_more(access_tokens: AccessTokens) -> None:
    """TK-08."""
    now = NOON + MINUTE
    token = issued(access_tokens, a_user(), now).value
    with pytest.raises(InvalidToken):
        access_tokens.verify(token, now - 5 * SECOND - MICROSECOND)
    assert access_tokens.verify(token, now - 5 * SECOND).issued_at == now


@proves(AccessTokens.verify, "Raise InvalidToken if any character was altered")
def test_a_token_with_another_character_anywhere_is_refused(access_tokens: AccessTokens) -> None:
    """TK-10."""
    token = issued(access_tokens, a_user()).value
    for position, character in enumerate(token):
        altered = token[:position] + ("A" if character != "A" else "B") + token[position + 1 :]
        with pytest.raises(InvalidToken):
            access_tokens.verify(altered, NOON)
    for altered in (token[:-1], token[1:], f"{token}A", f" {token}", f"{token}\n"):
        with pytest.raises(InvalidToken):
            access_tokens.verify(altered, NOON)


@proves(AccessTokens.verify, "Raise InvalidToken, and nothing else")
def test_what_is_no_token_is_refused(access_tokens: AccessTokens) -> None:
    """TK-01."""
    for text in NO_TOKENS:
        with pytest.raises(InvalidToken):
            access_tokens.verify(text, NOON)


@proves(AccessTokens.verify, "The refusal contains nothing of the token")
def test_a_refusal_and_a_printed_token_show_nothing_of_it(access_tokens: AccessTokens) -> None:
    """LG-03."""
    token = issued(access_tokens, a_user())
    with pytest.raises(InvalidToken) as refused:
        access_tokens.verify(token.value, NOON + timedelta(days=1))
    assert not any(part in str(refused.value) for part in (token.value, *token.value.split(".")[1:]))
    assert token.value not in repr(token)
