import hmac
from hashlib import sha256

import pytest

from doorward.domain.services.service import ID, ServiceSecretHash
from doorward.infrastructure.security import service_secrets
from doorward.infrastructure.security.service_secrets import RandomServiceSecrets

SECRETS = RandomServiceSecrets()


def test_ids_and_secrets_are_random_and_whole() -> None:
    made = [SECRETS.generate() for _ in range(100)]
    assert all(ID.fullmatch(service_id) for service_id, _, _ in made)
    assert {len(secret) for _, secret, _ in made} == {43}
    assert len({service_id for service_id, _, _ in made}) == len({secret for _, secret, _ in made}) == 100


def test_only_the_sha_256_is_kept_and_matches() -> None:
    _, secret, stored = SECRETS.generate()
    assert stored == sha256(secret.encode()).digest()
    assert SECRETS.matches(secret, stored)
    for other in ("", secret[:-1], secret + "A", secret.swapcase(), "\N{SNOWMAN}", "\ud800", "\0"):
        assert not SECRETS.matches(other, stored)


def test_nobodys_secret_matches_nothing_and_costs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def counted(left: bytes, right: bytes) -> bool:
        compared.append((len(left), len(right)))
        return hmac.compare_digest(left, right)

    monkeypatch.setattr(service_secrets, "hmac", type("Counted", (), {"compare_digest": staticmethod(counted)}))
    _, secret, stored = SECRETS.generate()
    assert SECRETS.matches(secret, stored)
    assert not SECRETS.matches(secret, None)
    assert compared == [(32, 32), (32, 32)]
    monkeypatch.setattr(service_secrets, "DUMMY_HASH", ServiceSecretHash(stored))
    assert not SECRETS.matches(secret, None)
