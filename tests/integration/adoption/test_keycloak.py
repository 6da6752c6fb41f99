"""The export of a realm, in the form that Keycloak's documentation and its exports have. The hashes are made here."""

import json
from base64 import b64encode
from hashlib import pbkdf2_hmac
from pathlib import Path
from typing import Any

import pytest
from argon2.low_level import Type, hash_secret_raw

from doorward.infrastructure.settings.start_refused import StartRefused
from support.adoption import Install

SALT = bytes(range(16))


def credential(value: bytes, algorithm: str, iterations: int, **parameters: str) -> dict[str, Any]:
    """A credential as the export writes it, with JSON inside of texts."""
    encoded = {"value": b64encode(value).decode(), "salt": b64encode(SALT).decode(), "additionalParameters": {}}
    method = {
        "hashIterations": iterations,
        "algorithm": algorithm,
        "additionalParameters": {name: [text] for name, text in parameters.items()},
    }
    return {
        "id": "3b1c5e0e-1f6e-4a0a-9a52-f0f6c9b4a0d1",
        "type": "password",
        "createdDate": 1714564800000,
        "secretData": json.dumps(encoded),
        "credentialData": json.dumps(method),
    }


def pbkdf2(password: str, digest: str, iterations: int) -> dict[str, Any]:
    return credential(pbkdf2_hmac(digest, password.encode(), SALT, iterations, 64), f"pbkdf2-{digest}", iterations)


def argon2id(password: str) -> dict[str, Any]:
    """With the parameters of Keycloak 25 and later."""
    made = hash_secret_raw(password.encode(), SALT, 5, 7168, 1, 32, Type.ID)
    parameters = {"hashLength": "32", "memory": "7168", "type": "id", "version": "1.3", "parallelism": "1"}
    return credential(made, "argon2", 5, **parameters)


def user(number: int, name: str, *credentials: dict[str, Any], **members: object) -> dict[str, Any]:
    return {
        "id": f"9482a854-2a00-4c70-a99e-ca60a945c4{number:02}",
        "username": name,
        "email": f"{name}@example.org",
        "emailVerified": True,
        "enabled": True,
        "createdTimestamp": 1714564800000 + number,
        "totp": False,
        "credentials": list(credentials),
        "disableableCredentialTypes": [],
        "requiredActions": [],
        "realmRoles": ["default-roles-shop"],
        "notBefore": 0,
        "groups": [],
        **members,
    }


REALM = {
    "id": "shop",
    "realm": "shop",
    "enabled": True,
    "roles": {"realm": [{"name": "editor"}, {"name": "offline_access"}]},
    "users": [
        user(1, "ada", argon2id("violet harbour kettle"), realmRoles=["default-roles-shop", "editor", "admin"]),
        user(2, "grace", {"type": "otp"}, pbkdf2("before argon", "sha512", 21_000), enabled=False),
        user(3, "blaise", pbkdf2("long ago", "sha256", 27_500), realmRoles=["offline_access"]),
        user(4, "federated"),
        user(5, "ancient", credential(b"x" * 64, "pbkdf2", 20_000)),
        user(6, "service-account-shop", serviceAccountClientId="shop", email=None),
    ],
}


@pytest.fixture
def export(tmp_path: Path) -> str:
    path = tmp_path / "realm.json"
    path.write_text(json.dumps(REALM, indent=2))
    return str(path)


async def test_everybody_signs_in_with_the_password_that_they_have(install: Install, export: str) -> None:
    """By Argon2, by PBKDF2 with SHA-512, whose account is disabled, and by PBKDF2 with SHA-256."""
    house = await install()
    report = await house.adopted("keycloak", export)
    assert (report.total, report.adopted, report.admins, report.new_roles) == (5, 3, ["ada"], ["editor"])
    ada = await house.sign_in("ada", "violet harbour kettle")
    blaise = await house.sign_in("blaise@example.org", "long ago")
    assert [sorted(each.roles) for each in (ada, blaise)] == [["admin", "editor", "user"], ["user"]]
    assert ada.email_verified
    assert (ada.external_id, ada.created_at.isoformat()) == (
        "9482a854-2a00-4c70-a99e-ca60a945c401",
        "2024-05-01T12:00:00.001000+00:00",
    )
    grace = await house.user("grace")
    assert not grace.is_enabled_at(house.now)
    async with house.storage.transaction() as tx:
        await tx.users.save(grace.enabled())
    await house.sign_in("grace", "before argon")
    reasons = {refused.shown: refused.reason for refused in report.refused}
    assert reasons.keys() == {"federated", "ancient"}
    assert "no password" in reasons["federated"]
    assert "not with SHA-256 or SHA-512" in reasons["ancient"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no export of a realm"),
        ('{"realm": "shop"}', "Object missing required field `users`"),
        ('{"users": [{"id": 1}]}', "is no export of a realm"),
        (None, "cannot be read: No such file"),
    ],
)
async def test_a_file_that_is_no_export_is_named(
    install: Install, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "realm.json"
    if content is not None:
        path.write_text(content)
    house = await install()
    with pytest.raises(StartRefused, match=said):
        await house.adopted("keycloak", str(path))
