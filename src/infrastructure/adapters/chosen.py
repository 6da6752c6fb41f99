"""The adapters that the settings choose. Every process imports this module, so it imports no adapter by itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from doorward.infrastructure.adapters.address import Address
from doorward.infrastructure.adapters.installed import AdapterKind, find_adapter
from doorward.infrastructure.adapters.storage_address import StorageAddress
from doorward.infrastructure.settings.start_refused import StartRefused

if TYPE_CHECKING:
    from doorward.infrastructure.adapters.hasher_adapter import HasherAdapter
    from doorward.infrastructure.adapters.mail_adapter import MailAdapter
    from doorward.infrastructure.adapters.storage_adapter import StorageAdapter

SQL: Final = "doorward.infrastructure.sql.adapter:SqlAdapter.at"
SMTP: Final = "doorward.infrastructure.mail.smtp_adapter:SmtpAdapter.at"
ARGON2: Final = "doorward.infrastructure.security.argon2_adapter:Argon2Adapter"

STORAGE: Final = AdapterKind(
    group="doorward.storage",
    noun="storage adapter",
    instead="use sqlite:///PATH or mysql://USER:PASSWORD@HOST:PORT/NAME",
    own={
        "sqlite": SQL,
        "mysql": SQL,
        "mariadb": SQL,
        "memory": "doorward.infrastructure.memory.adapter:MemoryAdapter.at",
    },
)
MAILERS: Final = AdapterKind(
    group="doorward.mailers",
    noun="mailer",
    instead="use smtp://USER:PASSWORD@HOST:PORT or smtps://",
    own={"smtp": SMTP, "smtps": SMTP},
)
HASHERS: Final = AdapterKind(
    group="doorward.hashers",
    noun="hasher",
    instead="use auto",
    own={"auto": ARGON2, "argon2-cffi": ARGON2, "libsodium": ARGON2},
)


def storage_adapter(address: StorageAddress) -> "StorageAdapter":
    """Return the adapter of a database. Raise StartRefused, which contains no secret, when the address or a setting
    cannot be used."""
    return made(STORAGE, address.url.name, address, address.url.hidden_in)  # type: ignore[no-any-return]


def mail_adapter(url: Address) -> "MailAdapter":
    """Return the adapter that sends letters to an address. Raise StartRefused, which contains no secret."""
    return made(MAILERS, url.name, url, url.hidden_in)  # type: ignore[no-any-return]


def hasher_adapter(name: str) -> "HasherAdapter":
    """Return the adapter that hashes passwords. Raise StartRefused when there is none of that name."""
    return made(HASHERS, name, name, str)  # type: ignore[no-any-return]


def made(kind: AdapterKind, name: str, argument: object, hidden: Callable[[str], str]) -> Any:
    """Return what the factory of an adapter makes of its argument. `hidden` removes secrets from its refusals, since
    parsers of URLs repeat what they cannot parse."""
    adapter = find_adapter(kind, name)
    factory = adapter.loaded(kind)
    try:
        return factory(argument)
    except (ValueError, StartRefused) as error:
        raise StartRefused(f"{hidden(str(error)).removesuffix('.')}.") from None
    except Exception as error:  # noqa: BLE001 an adapter may have any fault
        raise StartRefused(  # without the text of the error, which may hold a secret
            f"The {kind.noun} {name} of the package {adapter.package} failed with {type(error).__name__}; report it to "
            "those who maintain the package."
        ) from None


def check_database_url(raw: str) -> str:
    """Return the URL as it was written. Raise ValueError when it cannot be used, before anything connects."""
    return checked(STORAGE, raw, lambda url: storage_adapter(StorageAddress(url=url)))


def check_mail_url(raw: str) -> str:
    """Return the URL as it was written. Raise ValueError when it cannot be used."""
    return checked(MAILERS, raw, mail_adapter)


def checked(kind: AdapterKind, raw: str, use: Callable[[Address], object]) -> str:
    try:
        url = Address.parse(raw)
    except ValueError as error:
        raise ValueError(f"{error}; {kind.instead}") from error
    refuse_with_value_error(lambda: use(url))
    return raw


def check_hasher(raw: str) -> str:
    """Return the name of the hasher. Raise ValueError when there is none of that name."""
    refuse_with_value_error(lambda: hasher_adapter(raw))
    return raw


def refuse_with_value_error(use: Callable[[], object]) -> None:
    """Turn the refusal of a start into a ValueError, which the loader of settings puts behind the name of a setting."""
    try:
        use()
    except StartRefused as refused:
        raise ValueError(str(refused).removesuffix(".")) from None
