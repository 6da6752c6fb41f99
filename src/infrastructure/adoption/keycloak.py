"""The export of a realm of Keycloak: JSON, as `kc.sh export --users realm_file` writes it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self, final

import msgspec

from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.infrastructure.adoption.table_source import BATCH_SIZE
from doorward.infrastructure.settings.start_refused import StartRefused

OF_KEYCLOAK_ITSELF: Final = frozenset({"offline_access", "uma_authorization"})
DEFAULT_ROLES: Final = "default-roles-"
"""Roles that everybody has, and that only Keycloak knows what to do with."""

ARGON2_VERSIONS: Final = {"1.0": 16, "1.3": 19}


class Credential(msgspec.Struct, rename="camel", gc=False):
    """What proves who somebody is. Both members are JSON in a text."""

    type: str = ""
    secret_data: str = "{}"  # noqa: S105 an empty object
    credential_data: str = "{}"


class RealmUser(msgspec.Struct, rename="camel", gc=False):
    id: str
    username: str
    email: str | None = None
    email_verified: bool = False
    enabled: bool = True
    created_timestamp: int | None = None
    """In milliseconds."""
    realm_roles: tuple[str, ...] = ()
    credentials: tuple[Credential, ...] = ()
    service_account_client_id: str | None = None
    """Set for the account of a program."""


class Realm(msgspec.Struct, gc=False):
    users: tuple[RealmUser, ...]


class Secret(msgspec.Struct, gc=False):
    value: str = ""
    salt: str = ""


class Argon2Parameters(msgspec.Struct, rename="camel", gc=False):
    memory: tuple[str] = ("",)
    type: tuple[str] = ("",)
    version: tuple[str] = ("",)
    parallelism: tuple[str] = ("",)
    hash_length: tuple[str] = ("",)


class Method(msgspec.Struct, rename="camel", gc=False):
    algorithm: str = ""
    hash_iterations: int = 0
    additional_parameters: Argon2Parameters = msgspec.field(default_factory=Argon2Parameters)


@final
@dataclass(frozen=True, slots=True)
class KeycloakSource:
    """Accounts of people, with their roles of the realm. Roles of clients, groups and other factors stay there."""

    users: Sequence[RealmUser]
    name: str

    @classmethod
    def read(cls, path: Path, name: str) -> Self:
        """Raise StartRefused for a file that cannot be read, or that is no export of a realm with its users."""
        try:
            realm = msgspec.json.decode(path.read_bytes(), type=Realm)
        except OSError as error:
            raise StartRefused(f"The file {path} cannot be read: {error.strerror}.") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise StartRefused(
                f"The file {path} is no export of a realm with its users ({error}); make one with "
                "`kc.sh export --realm NAME --users realm_file --file realm.json`."
            ) from error
        people = [user for user in realm.users if user.service_account_client_id is None]
        return cls(sorted(people, key=lambda user: (user.created_timestamp or 0, user.id)), name)

    async def count(self) -> int:
        return len(self.users)

    async def roles(self) -> Sequence[str]:
        return list(dict.fromkeys(role for user in self.users for role in roles_of(user)))

    async def batches(self) -> AsyncIterator[Sequence[ForeignAccount]]:
        for first in range(0, len(self.users), BATCH_SIZE):
            yield [account(user) for user in self.users[first : first + BATCH_SIZE]]


def account(user: RealmUser) -> ForeignAccount:
    created = user.created_timestamp
    return ForeignAccount(
        external_id=user.id,
        username=user.username,
        email=user.email,
        email_verified=user.email_verified,
        password_hash=next((phc(each) for each in user.credentials if each.type == "password"), None),
        roles=tuple(roles_of(user)),
        disabled=not user.enabled,
        created_at=None if created is None else datetime.fromtimestamp(created / 1000, UTC),
    )


def roles_of(user: RealmUser) -> list[str]:
    return [
        role
        for role in dict.fromkeys(user.realm_roles)
        if role not in OF_KEYCLOAK_ITSELF and not role.startswith(DEFAULT_ROLES)
    ]


def phc(credential: Credential) -> str:
    """Return the hash in the PHC string format. Of what is unknown, the name of the algorithm is left, which no adapter
    takes for a hash."""
    try:
        secret = msgspec.json.decode(credential.secret_data, type=Secret)
        method = msgspec.json.decode(credential.credential_data, type=Method)
    except msgspec.DecodeError:
        return "malformed"
    salt, value = secret.salt.rstrip("="), secret.value.rstrip("=")
    if method.algorithm in {"pbkdf2-sha256", "pbkdf2-sha512"}:
        return f"${method.algorithm}$i={method.hash_iterations}${salt}${value}"
    if method.algorithm == "argon2":
        given = method.additional_parameters
        version = ARGON2_VERSIONS.get(given.version[0], "")
        work = f"m={given.memory[0]},t={method.hash_iterations},p={given.parallelism[0]}"
        return f"$argon2{given.type[0]}$v={version}${work}${salt}${value}"
    return method.algorithm
