"""The guard as a whole: every token of the corpus, what has ended, what cannot be known."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key

from doorward.guard import Claims, Guard, InvalidToken, Refusal, RoleRequired, TokenRequired, Unavailable
from doorward.guard.follower import LOG
from support.issuer import KEY, URL, Issuer
from support.jwt.corpus import accepted, corpus
from support.jwt.material import Key

Verify = Callable[[Guard, str], Claims]


def synchronously(guard: Guard, token: str) -> Claims:
    return guard.verify(token)


def asynchronously(guard: Guard, token: str) -> Claims:
    return asyncio.run(guard.verify_async(token))


both_forms = pytest.mark.parametrize("verify", [synchronously, asynchronously])


@both_forms
def test_the_claims_of_a_good_token_are_returned(guard: Guard, issuer: Issuer, verify: Verify) -> None:
    claims = verify(guard, issuer.token)
    good = issuer.material.claims
    assert str(claims.subject) == good["sub"]
    assert str(claims.session_id) == good["sid"]
    assert str(claims.id) == good["jti"]
    assert claims.roles == {"moderator", "user"}
    assert (claims.issued_at.timestamp(), claims.expires_at.timestamp()) == (good["iat"], good["exp"])


@pytest.mark.parametrize(
    "generate",
    [lambda: KEY, Ed25519PrivateKey.generate, lambda: generate_rsa_key(65_537, 2048)],
    ids=["ES256", "EdDSA", "RS256"],
)
def test_every_attack_is_refused_and_every_permitted_spelling_accepted(generate: Callable[[], Key]) -> None:
    """TK-01, TK-02, TK-04 to TK-14, TK-24."""
    issuer = Issuer(key=generate())
    guard = issuer.guard()
    guard.start()
    try:
        assert [name for name, token in corpus(issuer.material) if accepts(guard, token)] == []
        assert [name for name, token in accepted(issuer.material) if not accepts(guard, token)] == []
        assert issuer.fetches() == 1, "and no kid of a stranger fetched the keys within ten seconds"
    finally:
        guard.close()
        issuer.close()


def accepts(guard: Guard, token: str) -> bool:
    """False for InvalidToken; anything else that is raised is a failure of the test."""
    try:
        guard.verify(token)
    except InvalidToken:
        return False
    return True


def test_a_refusal_shows_the_client_nothing_and_the_log_a_reason(guard: Guard, issuer: Issuer) -> None:
    """LG-03."""
    with pytest.raises(InvalidToken) as refused:
        guard.verify(issuer.material.claiming(aud="other"))
    assert str(refused.value) == "The access token is not valid."
    assert refused.value.reason == "The audience is another."


def test_the_log_says_which_issuer_and_audience_the_guard_should_have(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(LOG, "warning", lambda text, *values: written.append(text % values))
    guard = issuer.guard(audience="articles")
    with pytest.raises(Refusal):
        guard.verify(issuer.token)
    assert f"of the list are ('{URL}', 'doorward'), and those of the guard ('{URL}', 'articles')." in written[0]
    guard.close()


def test_the_first_use_starts_the_guard(issuer: Issuer) -> None:
    guard = issuer.guard()
    assert guard.verify(issuer.token).epoch == 3
    assert issuer.fetches() == 1
    assert issuer.fetches("revocations") >= 1
    guard.close()


@both_forms
def test_without_the_service_the_first_request_is_answered_503(issuer: Issuer, verify: Verify) -> None:
    issuer.is_down = True
    guard = issuer.guard()
    with pytest.raises(Unavailable) as refused:
        verify(guard, issuer.token)
    assert refused.value.status == 503
    assert refused.value.headers["Retry-After"] == "10"
    with pytest.raises(Unavailable):
        guard.start()
    guard.close()


def test_an_ended_session_is_refused_when_the_list_names_it(guard: Guard, issuer: Issuer) -> None:
    """TK-16."""
    token = issuer.token
    session_id = guard.verify(token).session_id
    issuer.end_session(session_id)
    issuer.publish()
    with pytest.raises(InvalidToken, match="not valid"):
        guard.verify(token)
    other = issuer.material.claiming(sid="01932c07-2222-7333-8444-555566667778")
    assert accepts(guard, other)


def test_a_list_that_is_too_old_closes_the_guard_and_a_new_one_opens_it(guard: Guard, issuer: Issuer) -> None:
    token = issuer.token
    issuer.clock.move(299)
    assert accepts(guard, token)
    issuer.clock.move(1)
    with pytest.raises(Unavailable):
        guard.verify(token)
    issuer.publish()
    assert accepts(guard, token)


def test_a_process_that_was_forked_follows_anew(guard: Guard, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    before = issuer.fetches()
    assert accepts(guard, issuer.token)
    monkeypatch.setattr(os, "getpid", lambda: -7)
    assert accepts(guard, issuer.token)
    assert issuer.fetches() == before + 1
    guard.close()


def test_a_closed_guard_starts_anew_at_its_next_use(guard: Guard, issuer: Issuer) -> None:
    guard.close()
    guard.close()
    assert accepts(guard, issuer.token)
    assert issuer.fetches() == 2


def test_a_token_that_outlasts_those_of_the_service_is_refused(issuer: Issuer) -> None:
    """TK-08."""
    guard = issuer.guard(access_token_seconds=60)
    with pytest.raises(InvalidToken) as refused:
        guard.verify(issuer.token)
    assert refused.value.reason == "The token lasts longer than access tokens do."
    guard.close()


Authorize = Callable[..., Claims]


def authorize_now(guard: Guard, header: str | None, *roles: str) -> Claims:
    return guard.authorize(header, *roles)


def authorize_later(guard: Guard, header: str | None, *roles: str) -> Claims:
    async def authorized() -> Claims:
        return await guard.authorize_async(header, *roles)

    return asyncio.run(authorized())


@pytest.mark.parametrize("authorize", [authorize_now, authorize_later])
def test_any_one_of_the_roles_is_enough(guard: Guard, issuer: Issuer, authorize: Authorize) -> None:
    header = f"Bearer {issuer.token}"
    assert authorize(guard, header, "admin", "moderator").epoch == 3
    assert authorize(guard, header).epoch == 3
    with pytest.raises(RoleRequired) as refused:
        authorize(guard, header, "owner", "admin")
    assert (refused.value.status, str(refused.value)) == (403, "One of these roles is required: admin, owner.")
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token abc", "bearer\tabc"])
def test_a_request_without_a_token_is_challenged_and_names_no_error(guard: Guard, header: str | None) -> None:
    """TK-17."""
    with pytest.raises(TokenRequired) as refused:
        guard.authorize(header, "moderator")
    assert refused.value.status == 401
    assert refused.value.headers == {"WWW-Authenticate": "Bearer"}


def test_the_scheme_is_read_without_case_and_blanks_are_no_part_of_the_token(guard: Guard, issuer: Issuer) -> None:
    assert guard.authorize(f"bEARER   {issuer.token} ").epoch == 3


def test_a_bad_token_is_answered_as_rfc_6750_says(guard: Guard) -> None:
    """TK-17."""
    with pytest.raises(InvalidToken) as refused:
        guard.authorize("Bearer nonsense", "moderator")
    assert refused.value.status == 401
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}


@pytest.mark.parametrize(
    ("issuer_name", "options", "says"),
    [
        ("auth.example.org", {}, "write it as in https://auth.example.com"),
        ("ftp://auth.example.org", {}, "write it as in"),
        ("file:///etc/passwd", {}, "write it as in"),
        ("https://auth.example.org/", {}, "ends with a slash"),
        ("https://auth.example.org?x=1", {}, "ends with a slash"),
        ("https://ada:pa55w0rd@auth.example.org", {}, "write it as in"),
        ("ada:pa55w0rd@auth.example.org", {}, "write it as in"),
        ("https://auth.example.org#", {}, "ends with a slash"),
        ("http://auth.example.org", {}, "allow_http=True"),
        ("our-issuer", {}, "write it as in"),
        (URL, {"audience": ""}, "DOORWARD_AUDIENCE"),
        (URL, {"algorithms": []}, "ES256, EdDSA, RS256"),
        (URL, {"algorithms": "ES256"}, "ES256, EdDSA, RS256"),
        (URL, {"algorithms": ["HS256"]}, "ES256, EdDSA, RS256"),
        (URL, {"access_token_seconds": 0}, "DOORWARD_ACCESS_TOKEN_SECONDS"),
    ],
)
def test_a_guard_that_cannot_be_right_says_what_to_write(issuer_name: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        Guard(issuer_name, **options)
    assert "pa55w0rd" not in str(refused.value)


@pytest.mark.parametrize(
    ("issuer_name", "options"),
    [
        ("http://localhost:8080", {}),
        ("http://127.0.0.1:8080", {}),
        ("http://[::1]:8080/auth", {}),
        ("http://doorward:8080", {"allow_http": True}),
        ("our-issuer", {"url": "https://auth.example.org"}),
        ("https://auth.example.org/", {"url": "https://auth.example.org"}),
    ],
)
def test_other_addresses_are_accepted(issuer_name: str, options: dict[str, Any]) -> None:
    assert Guard(issuer_name, **options).issuer == issuer_name


def test_a_guard_shows_no_secret() -> None:
    assert "s3cret" not in repr(Guard(URL, credentials=("svc", "s3cret")))


def test_every_refusal_can_be_caught_as_one() -> None:
    assert all(issubclass(each, Refusal) for each in (InvalidToken, RoleRequired, TokenRequired, Unavailable))
