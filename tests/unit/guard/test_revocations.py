"""What a revocation list means, and for how long."""

from datetime import timedelta

import pytest

from doorward.guard import InvalidToken, Unavailable
from doorward.guard.jwks import verifying_key
from doorward.guard.revocations import Revocations
from doorward.testing.doubles import NOON
from doorward.tokens.claims import Claims
from doorward.tokens.verifying_key import VerifyingKey
from support.issuer import SID, SUB, URL, Issuer, claims_of, jwk_of
from support.length import FULL

OTHER_SID = "01932c07-2222-7333-8444-555566667778"
SECOND = timedelta(seconds=1)


class Reader:
    """Reads lists of the issuer."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.revocations = Revocations(URL, "doorward")

    def key_of(self, kid: str) -> VerifyingKey | None:
        jwk = jwk_of(self.issuer.key)
        return verifying_key(jwk, ["ES256"]) if kid == jwk["kid"] else None

    def read(self, document: str | None = None) -> None:
        self.revocations.read(document or self.issuer.signed_list(), self.key_of, self.issuer.clock.now())

    def check(self, token: Claims) -> None:
        self.revocations.check(token, self.issuer.clock.now())

    def has_ended(self, token: Claims) -> bool:
        try:
            self.check(token)
        except InvalidToken:
            return True
        return False


@pytest.fixture
def reader(issuer: Issuer) -> Reader:
    return Reader(issuer)


def test_a_session_that_is_listed_has_ended_and_no_other(reader: Reader) -> None:
    """TK-16."""
    reader.issuer.end_session(SID)
    reader.read()
    assert reader.has_ended(claims_of())
    assert not reader.has_ended(claims_of(OTHER_SID))


def test_tokens_of_an_earlier_epoch_are_refused(reader: Reader) -> None:
    reader.issuer.revoke_before(4, SUB)
    reader.read()
    assert reader.has_ended(claims_of(epoch=3))
    assert not reader.has_ended(claims_of(epoch=4))


def test_an_entry_is_remembered_beyond_the_next_list_until_its_own_end(reader: Reader) -> None:
    reader.issuer.end_session(SID)
    reader.issuer.revoke_before(4, SUB)
    reader.read()
    reader.issuer.sessions.clear()
    reader.issuer.accounts.clear()
    for _ in range(3):
        reader.issuer.clock.move(299)
        reader.read()
        assert reader.has_ended(claims_of(epoch=5))
        assert reader.has_ended(claims_of(OTHER_SID))
    reader.issuer.clock.move(15)
    reader.read()
    assert not reader.has_ended(claims_of())


def test_the_list_of_a_node_that_is_behind_takes_no_epoch_back(reader: Reader) -> None:
    reader.issuer.revoke_before(4, SUB)
    reader.read()
    reader.issuer.revoke_before(2, SUB)
    reader.read()
    assert reader.has_ended(claims_of(epoch=3))


def test_without_a_list_nobody_can_tell(reader: Reader) -> None:
    with pytest.raises(Unavailable):
        reader.check(claims_of())


def test_a_list_counts_until_its_end_and_no_longer(reader: Reader) -> None:
    reader.read()
    reader.issuer.clock.move(299.9)
    reader.check(claims_of())
    reader.issuer.clock.move(0.1)
    with pytest.raises(Unavailable) as refused:
        reader.check(claims_of())
    assert refused.value.status == 503
    assert refused.value.headers == {"Retry-After": "1"}


def test_what_ended_stays_ended_with_an_old_list(reader: Reader) -> None:
    reader.issuer.end_session(SID)
    reader.read()
    reader.issuer.clock.move(400)
    assert reader.has_ended(claims_of())


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://auth.example.net"},
        {"aud": "another"},
        {"exp": int(NOON.timestamp())},
        {"iat": int(NOON.timestamp()) + 60},
        {"exp": None},
        {"cursor": None},
        {"cursor": 7},
        {"since": "not-ours"},
        {"sessions": None},
        {"sessions": {}},
        {"sessions": [SID]},
        {"sessions": [{"sid": SID}]},
        {"sessions": [{"sid": SID.upper(), "exp": 9_999_999_999}]},
        {"sessions": [{"sid": OTHER_SID, "exp": 9_999_999_999}, {"exp": 9_999_999_999}]},
        {"accounts": [{"sub": SUB, "exp": 9_999_999_999}]},
        {"accounts": [{"sub": SUB, "epoch": "4", "exp": 9_999_999_999}]},
        {"accounts": [{"sub": 1, "epoch": 4, "exp": 9_999_999_999}]},
    ],
    ids=str,
)
def test_a_list_that_is_not_wholly_right_adds_nothing_and_counts_for_nothing(
    reader: Reader, changes: dict[str, object]
) -> None:
    document = reader.issuer.signed_list(**{"sessions": [{"sid": OTHER_SID, "exp": 9_999_999_999}], **changes})
    with pytest.raises(ValueError, match=r"list|claim|clock"):
        reader.read(document)
    with pytest.raises(Unavailable):
        reader.check(claims_of(OTHER_SID))


def test_neither_a_list_nor_a_token_counts_as_the_other(reader: Reader) -> None:
    """TK-24."""
    with pytest.raises(ValueError, match="another type"):
        reader.read(reader.issuer.token)


def test_a_list_of_a_stranger_counts_for_nothing(reader: Reader) -> None:
    material = reader.issuer.material
    header = {**material.header, "typ": "revocations+jwt"}
    forged = material.token(header, {"sessions": [], "accounts": []}, by=material.stranger)
    with pytest.raises(ValueError, match="signature"):
        reader.read(forged)


def test_a_list_that_begins_at_our_cursor_adds_to_what_is_known(reader: Reader) -> None:
    reader.issuer.end_session(SID)
    reader.read()
    reader.issuer.sessions.clear()
    reader.issuer.end_session(OTHER_SID)
    reader.read(reader.issuer.signed_list(since=reader.revocations.cursor))
    assert reader.has_ended(claims_of())
    assert reader.has_ended(claims_of(OTHER_SID))


def test_the_longest_list_is_read(reader: Reader) -> None:
    entries = 100_000 if FULL else 5_000
    sessions = [{"sid": f"01932c07-2222-7333-8444-{number:012x}", "exp": 9_999_999_999} for number in range(entries)]
    reader.read(reader.issuer.signed_list(sessions=sessions))
    assert reader.has_ended(claims_of(f"01932c07-2222-7333-8444-{entries - 1:012x}"))
    assert not reader.has_ended(claims_of(f"01932c07-2222-7333-8444-{entries:012x}"))
