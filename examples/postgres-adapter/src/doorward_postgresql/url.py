"""The URLs of PostgreSQL databases: `postgresql://USER:PASSWORD@HOST:PORT/NAME?sslmode=MODE`."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self, final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from doorward.adapters import StorageAddress

PORT = 5432
FORM = "postgresql://USER:PASSWORD@HOST:PORT/NAME?sslmode=MODE"
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
OPTIONS = frozenset({"sslmode", "sslrootcert"})
CA_SETTING = "DOORWARD_DATABASE_SSL_CA"


class SslMode(StrEnum):
    """How a connection is encrypted, by the names that libpq has for it, weakest first."""

    DISABLE = "disable"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlUrl:
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    sslmode: SslMode
    sslrootcert: Path | None = None
    ca_certificates: str | None = field(default=None, repr=False)
    """The text of CA certificates in PEM, in place of the file `sslrootcert`."""

    @classmethod
    def parse(cls, address: StorageAddress) -> Self:
        """Return the parsed URL. Raise ValueError with one line that contains no secret.

        Without `sslmode`, connections to another machine use TLS, and connections to this machine do not.
        """
        try:
            parts = urlsplit(address.url.text)
            host, port = parts.hostname or "", parts.port or PORT
        except ValueError:
            raise ValueError(f"write {FORM}, and percent-encode what is special in it") from None
        database = unquote(parts.path.removeprefix("/"))
        if not host or not parts.username or not database or "/" in database or parts.fragment:
            raise ValueError(f"write {FORM} with user, host and database, and percent-encode what is special in them")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if unknown := sorted(options.keys() - OPTIONS):
            raise ValueError(f"leave {', '.join(unknown)} out of the URL: only {', '.join(sorted(OPTIONS))} are known")
        root = options.get("sslrootcert")
        if root and address.ca_certificates:
            raise ValueError(f"keep one of sslrootcert and {CA_SETTING}")
        has_ca = bool(root or address.ca_certificates)
        return cls(
            host=host,
            port=port,
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
            database=database,
            sslmode=ssl_mode(options.get("sslmode"), host, has_ca=has_ca),
            sslrootcert=Path(root) if root else None,
            ca_certificates=address.ca_certificates,
        )

    @property
    def masked(self) -> str:
        """Return the URL without the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        password = ":***" if self.password else ""
        root = f"&sslrootcert={self.sslrootcert}" if self.sslrootcert else ""
        return (
            f"postgresql://{quote(self.user)}{password}@{host}:{self.port}/{quote(self.database)}"
            f"?sslmode={self.sslmode}{root}"
        )


def ssl_mode(given: str | None, host: str, *, has_ca: bool) -> SslMode:
    """Return the mode for a host. `allow` and `prefer` become `require`, because an attacker could prevent TLS that is
    only preferred. With a CA, the certificate of the server is always verified."""
    if given is None:
        chosen = SslMode.DISABLE if host in HERE and not has_ca else SslMode.REQUIRE
    elif given in {"allow", "prefer"}:
        chosen = SslMode.REQUIRE
    elif given in set(SslMode):
        chosen = SslMode(given)
    else:
        raise ValueError(f"give sslmode as one of {', '.join(SslMode)}")
    if has_ca and chosen is SslMode.DISABLE:
        raise ValueError(f"remove sslmode=disable, or else sslrootcert and {CA_SETTING}")
    return SslMode.VERIFY_CA if has_ca and chosen is SslMode.REQUIRE else chosen
