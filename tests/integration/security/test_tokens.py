import asyncio
import json
import socket
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from hypothesis import given, settings
from hypothesis import strategies as st

from doorward.domain.access.role import ADMIN, RoleName
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidToken
from doorward.domain.ids import SessionId, UserId
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.security.jwk import thumbprint
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.security.tokens import JwtAccessTokens
from doorward.testing.builders import a_user, issued
from doorward.testing.doubles import NOON
from support.jwt.corpus import accepted, corpus
from support.jwt.material import Key, Material, b64, pem_of, read_claims, read_header

ISSUER, AUDIENCE, CLIENT, LIFETIME = "https://auth.example.org/a", "doorward-Api", "doorward-Web", 900
USER = replace(a_user("ada", ADMIN), id=UserId(UUID("01932c07-1111-7222-8333-444455556666")))
SESSION = SessionId(UUID("01932c07-2222-7333-8444-555566667777"))
SECOND = timedelta(seconds=1)


def tokens_with(*keys: Key, lifetime: int = LIFETIME) -> JwtAccessTokens:
    """An issuer and verifier that holds these keys; the last of them signs."""

    async def filled() -> StoredKeyRing:
        storage, sealer = MemoryStorage(), AesKeySealer(MasterSecret(b"a master secret for tests alone"))
        async with storage.transaction() as tx:
            for age, key in enumerate(reversed(keys)):
                await tx.keys.add(sealer.seal(pem_of(key), NOON, NOON - age * SECOND))
        ring = StoredKeyRing(storage, sealer)
        await ring.reload()
        return ring

    return JwtAccessTokens(asyncio.run(filled()), ISSUER, AUDIENCE, CLIENT, lifetime)


def material(key: Key, trap: str = "http://127.0.0.1:9/") -> Material:
    moment = int(NOON.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(USER.id),
        "exp": moment + LIFETIME,
        "iat": moment,
        "jti": "01932c07-aaaa-7bbb-8ccc-ddddeeeeffff",
        "client_id": CLIENT,
        "sid": str(SESSION),
        "roles": ["admin", "user"],
        "epoch": 3,
    }
    return Material(key=key, kid=thumbprint(key.public_key()), claims=claims, trap=trap)


P256 = derive_private_key(0x5EC0_0D00_4AED, SECP256R1())  # always the same, so that the tests' names are
ED25519 = Ed25519PrivateKey.generate()
TOKENS = tokens_with(P256)
GOOD = material(P256)


@pytest.fixture(scope="module")
def rsa() -> Key:
    return generate_rsa_key(65_537, 3072)


def verdict(token: str, tokens: JwtAccessTokens = TOKENS) -> bool:
    """False for InvalidToken; anything else that is raised is a failure of the test."""
    try:
        tokens.verify(token, NOON)
    except InvalidToken:
        return False
    return True


@pytest.mark.parametrize("token", [pytest.param(token, id=name) for name, token in corpus(GOOD)])
def test_a_token_that_is_not_wholly_right_is_refused(token: str) -> None:
    """TK-01, TK-02, TK-04 to TK-14, TK-24: every attack family, each token perfect but for what its name says."""
    with pytest.raises(InvalidToken):
        TOKENS.verify(token, NOON)


def test_the_corpus_is_large_and_its_names_tell_its_tokens_apart() -> None:
    """TK-01."""
    names = [name for name, _ in corpus(GOOD)]
    assert len(names) >= 150
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("token", [pytest.param(token, id=name) for name, token in accepted(GOOD)])
def test_every_permitted_spelling_is_accepted(token: str) -> None:
    """TK-05: `at+jwt` and `application/at+jwt`, without case."""
    read = TOKENS.verify(token, NOON)
    assert read.subject == USER.id
    assert read.id == UUID("01932c07-aaaa-7bbb-8ccc-ddddeeeeffff")
    assert read.epoch == 3


def test_a_good_token_is_refused_for_its_length_alone() -> None:
    """TK-09: at 8,192 characters it is accepted; with one claim a little longer it is not."""
    longest, over = around(8192)
    assert len(longest) <= 8192 < len(over)
    assert verdict(longest)
    assert not verdict(over)


def around(length: int) -> tuple[str, str]:
    """Two good tokens that differ by three letters of a claim: just within the length, and just beyond it."""
    letters = (length - len(GOOD.claiming(note=""))) * 3 // 4
    tokens = [GOOD.claiming(note="x" * (letters + more)) for more in range(-6, 7)]
    within = max(number for number, token in enumerate(tokens) if len(token) <= length)
    return tokens[within], tokens[within + 1]


def test_the_same_families_are_refused_under_ed25519_and_rsa(rsa: Key) -> None:
    """TK-01, TK-19."""
    for key, tokens in ((ED25519, tokens_with(rsa, ED25519)), (rsa, tokens_with(ED25519, rsa))):
        forged = material(key)
        for name, token in accepted(forged):
            assert tokens.verify(token, NOON).subject == USER.id, name
        for name, token in corpus(forged):
            assert not verdict(token, tokens), name


def test_a_token_says_what_rfc_9068_asks_and_nothing_personal() -> None:
    """TK-04, TK-16, TK-22, TK-23."""
    token = issued(TOKENS, USER, session_id=SESSION)
    assert read_header(token.value) == {"alg": "ES256", "typ": "at+jwt", "kid": GOOD.kid}
    claims = read_claims(token.value)
    assert UUID(str(claims.pop("jti"))).version == 7
    assert claims == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(USER.id),
        "exp": int(NOON.timestamp()) + LIFETIME,
        "iat": int(NOON.timestamp()),
        "client_id": CLIENT,
        "sid": str(SESSION),
        "roles": ["admin", "user"],
        "epoch": 0,
    }
    assert token.expires_in == LIFETIME
    assert token.value not in repr(token)


def test_what_was_issued_is_read_back_until_it_expires() -> None:
    """TK-08."""
    user: User = a_user("grace").disabled_now()
    token = issued(TOKENS, user).value
    read = TOKENS.verify(token, NOON + (LIFETIME - 1) * SECOND)
    assert (read.subject, read.epoch, read.issued_at) == (user.id, 1, NOON)
    assert read.expires_at == NOON + LIFETIME * SECOND
    with pytest.raises(InvalidToken):
        TOKENS.verify(token, read.expires_at)


def test_our_own_signatures_have_the_one_spelling_that_we_accept() -> None:
    """TK-15: half of all ES256 signatures come out the other way, and n-s would be a second spelling."""
    for _ in range(40):
        assert TOKENS.verify(issued(TOKENS, USER).value, NOON).subject == USER.id


def test_a_shorter_life_holds_for_tokens_issued_before() -> None:
    """TK-08, TK-16: `exp - iat` is at most the life that is configured now."""
    with pytest.raises(InvalidToken):
        tokens_with(P256, lifetime=60).verify(issued(TOKENS, USER).value, NOON)


def test_other_services_read_our_tokens_with_the_public_key_alone(rsa: Key) -> None:
    """TK-19: by PyJWT as anybody would use it."""
    for key in (P256, ED25519, rsa):
        token = issued(tokens_with(key), USER).value
        forged = material(key)
        claims = jwt.decode(
            token,
            key.public_key(),
            [forged.algorithm],
            {"verify_exp": False, "verify_iat": False},
            audience=AUDIENCE,
            issuer=ISSUER,
        )
        assert claims["sub"] == str(USER.id)


def test_each_key_verifies_its_own_tokens_and_no_other_keys(rsa: Key) -> None:
    """TK-02: an algorithm that is right for one key is wrong behind another's kid."""
    tokens = tokens_with(rsa, ED25519, P256)
    keys: tuple[Key, ...] = (rsa, ED25519, P256)
    for key in keys:
        mine = material(key)
        assert tokens.verify(mine.good(), NOON).epoch == 3
        for other in keys:
            if other is not key:
                theirs = material(other)
                for header in (mine.header, theirs.header, {**mine.header, "alg": theirs.algorithm}):
                    with pytest.raises(InvalidToken):
                        tokens.verify(theirs.token(header=header, by=key if header == theirs.header else other), NOON)


def test_a_key_that_is_gone_verifies_nothing() -> None:
    """TK-13."""
    with pytest.raises(InvalidToken):
        tokens_with(ED25519).verify(GOOD.good(), NOON)


def test_no_token_makes_us_call_anybody() -> None:
    """TK-12: a socket listens where `jku` and `x5u` point, and nobody comes."""
    with closing(socket.create_server(("127.0.0.1", 0))) as trap:
        trap.setblocking(False)
        forged = material(P256, f"http://127.0.0.1:{trap.getsockname()[1]}/keys.json")
        inviting = [(name, token) for name, token in corpus(forged) if "jku" in name or "x5u" in name]
        assert len(inviting) >= 6
        for _, token in inviting:
            with pytest.raises(InvalidToken):
                TOKENS.verify(token, NOON)
        with pytest.raises(BlockingIOError):
            trap.accept()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80))
def test_any_text_is_refused(text: str) -> None:
    """TK-01."""
    assert not verdict(text)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=120), st.binary(max_size=200))
def test_any_signed_bytes_are_refused(header: bytes, payload: bytes) -> None:
    """TK-11."""
    assert not verdict(GOOD.raw(header, json.dumps(dict(GOOD.claims)).encode()))
    assert not verdict(GOOD.raw(json.dumps(GOOD.header).encode(), payload))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(GOOD.good()) - 1), st.characters())
def test_one_character_changed_is_refused(position: int, character: str) -> None:
    """TK-10."""
    good = GOOD.good()
    changed = good[:position] + character + good[position + 1 :]
    assert verdict(changed) == (changed == good)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted({*GOOD.claims, "nbf"})), json_values)
def test_any_other_value_of_any_claim_never_raises_anything_else(name: str, value: object) -> None:
    """TK-06, TK-07, TK-08."""
    permitted = verdict(GOOD.claiming(**{name: value}))
    if name in {"iss", "aud", "client_id"}:
        assert permitted == (value == GOOD.claims[name])


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(max_size=8), json_values, max_size=3))
def test_any_other_member_of_the_header_is_refused(members: dict[str, object]) -> None:
    """TK-14."""
    assert verdict(GOOD.heading(**members)) == (set(members) <= set(GOOD.header) and not members)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=100))
def test_any_other_signature_is_refused(signature: bytes) -> None:
    assert not verdict(f"{GOOD.content()}.{b64(signature)}")


def test_a_token_that_would_be_too_long_names_no_roles_and_is_good() -> None:
    """TK-09: else an account with very many roles would be locked out by its own tokens."""
    many = replace(USER, roles=frozenset(RoleName(f"r{number:03}-{'x' * 59}") for number in range(200)))
    token = issued(TOKENS, many).value
    assert read_claims(token)["roles"] == []
    assert TOKENS.verify(token, NOON).subject == many.id
