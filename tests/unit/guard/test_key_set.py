"""How often keys are fetched, and for how long they are used."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from doorward.guard import Unavailable
from doorward.guard.jwks import ALGORITHMS
from doorward.guard.key_set import LOG, KeySet
from doorward.guard.pending import settled, settled_async
from doorward.infrastructure.security.jwk import thumbprint
from doorward.tokens.verifying_key import VerifyingKey
from support.issuer import KEY, URL, Issuer, jwk_of

KID = thumbprint(KEY.public_key())


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written to the log."""
    written: list[str] = []
    monkeypatch.setattr(LOG, "warning", lambda text, *values: written.append(text % values))
    return written


def keys_of(issuer: Issuer) -> KeySet:
    return KeySet(f"{URL}/.well-known/jwks.json", ALGORITHMS, issuer.fetch, issuer.clock)


def find(keys: KeySet, kid: str = KID) -> VerifyingKey | None:
    return settled(lambda: keys.key_of(kid))


def refresh(keys: KeySet) -> None:
    settled(keys.refresh)


def test_keys_are_fetched_once_for_many_tokens(issuer: Issuer) -> None:
    keys = keys_of(issuer)
    for _ in range(100):
        assert find(keys) is not None
    assert issuer.fetches() == 1


def test_a_flood_of_unknown_kids_fetches_every_ten_seconds_at_most(issuer: Issuer) -> None:
    """TK-13."""
    keys = keys_of(issuer)
    assert find(keys) is not None
    issuer.clock.move(9.9)
    assert [find(keys, f"stranger-{number}") for number in range(1000)] == [None] * 1000
    assert issuer.fetches() == 1
    issuer.clock.move(0.1)
    assert [find(keys, f"stranger-{number}") for number in range(1000)] == [None] * 1000
    assert issuer.fetches() == 2
    assert find(keys) is not None


def test_a_new_key_is_found_when_a_token_names_it(issuer: Issuer) -> None:
    keys, new = keys_of(issuer), Ed25519PrivateKey.generate()
    assert find(keys) is not None
    issuer.jwks.append(jwk_of(new))
    kid = thumbprint(new.public_key())
    assert find(keys, kid) is None, "the keys were fetched less than ten seconds ago"
    issuer.clock.move(10)
    found = find(keys, kid)
    assert found is not None
    assert found.algorithm == "EdDSA"


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [("public, max-age=300", 300), ("max-age=60", 60), ("Max-Age=0", 10), ("no-cache", 300), ("max-age=86400", 300)],
)
def test_keys_are_fetched_again_when_the_answer_is_not_fresh_any_more(
    issuer: Issuer, cache_control: str, seconds: int
) -> None:
    """At least ten seconds and at most five minutes, whatever a cache in between says."""
    issuer.cache_control = cache_control
    keys = keys_of(issuer)
    refresh(keys)
    issuer.clock.move(seconds - 0.1)
    refresh(keys)
    assert issuer.fetches() == 1
    issuer.clock.move(0.1)
    refresh(keys)
    assert issuer.fetches() == 2
    assert issuer.asked[-1][1]["If-None-Match"], "and the answer is short when they are the same"
    assert find(keys) is not None


def test_a_key_that_is_not_published_any_more_is_not_used(issuer: Issuer) -> None:
    keys = keys_of(issuer)
    assert find(keys) is not None
    issuer.jwks[:] = [jwk_of(Ed25519PrivateKey.generate())]
    issuer.clock.move(300)
    refresh(keys)
    assert find(keys) is None


def test_keys_are_used_for_ten_minutes_while_the_service_does_not_answer(issuer: Issuer) -> None:
    """TK-21."""
    keys = keys_of(issuer)
    assert find(keys) is not None
    issuer.is_down = True
    issuer.clock.move(600)
    refresh(keys)
    assert find(keys) is not None
    issuer.clock.move(0.1)
    with pytest.raises(Unavailable):
        find(keys)
    issuer.is_down = False
    issuer.clock.move(10)
    assert find(keys) is not None


def test_an_unknown_key_is_no_reason_to_refuse_a_token_while_the_keys_cannot_be_fetched(
    issuer: Issuer, warnings: list[str]
) -> None:
    keys = keys_of(issuer)
    assert find(keys) is not None
    issuer.is_down = True
    issuer.clock.move(20)
    with pytest.raises(Unavailable) as refused:
        find(keys, "perhaps-a-new-one")
    assert refused.value.headers == {"Retry-After": "10"}
    assert len(warnings) == 1
    assert "could not be fetched: ConnectionRefusedError" in warnings[0]
    assert "ConnectionRefusedError" in refused.value.reason
    issuer.clock.move(7.5)
    with pytest.raises(Unavailable) as refused:
        find(keys, "perhaps-a-new-one")
    assert refused.value.headers == {"Retry-After": "3"}
    assert issuer.fetches() == 2
    issuer.clock.move(7.5)
    with pytest.raises(Unavailable):
        find(keys, "perhaps-a-new-one")
    assert issuer.fetches() == 3
    assert len(warnings) == 1, "the log says it once"


def test_a_key_set_that_cannot_be_read_replaces_no_keys(issuer: Issuer) -> None:
    keys = keys_of(issuer)
    assert find(keys) is not None
    issuer.jwks[:] = [{"kty": "oct", "k": "AA"}]
    issuer.clock.move(300)
    refresh(keys)
    assert find(keys) is not None


def test_all_that_wait_for_keys_wait_for_one_fetch(issuer: Issuer) -> None:
    issuer.keys_may_come.clear()
    keys = keys_of(issuer)

    async def tasks() -> list[VerifyingKey | None]:
        waiting = [asyncio.ensure_future(settled_async(lambda: keys.key_of(KID))) for _ in range(200)]
        await asyncio.sleep(0)
        issuer.keys_may_come.set()
        return await asyncio.gather(*waiting)

    with ThreadPoolExecutor(4) as threads:
        found = [threads.submit(find, keys) for _ in range(4)]
        assert None not in asyncio.run(tasks())
        assert None not in [each.result() for each in found]
    assert issuer.fetches() == 1


async def test_a_task_that_gives_up_does_not_end_the_fetch_of_the_others(issuer: Issuer) -> None:
    issuer.keys_may_come.clear()
    keys = keys_of(issuer)
    impatient, patient = (asyncio.ensure_future(settled_async(lambda: keys.key_of(KID))) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    issuer.keys_may_come.set()
    assert await patient is not None
    assert impatient.cancelled()
