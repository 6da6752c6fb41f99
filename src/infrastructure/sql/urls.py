"""Database URLs, as people and hosting providers write them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.settings.web_addresses import bracketed, is_loopback

SQLITE = ("sqlite", "sqlite+aiosqlite")
MYSQL = ("mysql", "mysql+asyncmy", "mariadb", "mariadb+asyncmy")
MYSQL_PORT = 3306
FORMS = "sqlite:///PATH or mysql://USER:PASSWORD@HOST:PORT/NAME?ssl-mode=MODE"
MODE = "sslmode"
CA = "sslca"

OF_PROVIDERS: Mapping[str, Mapping[str, str | None]] = {
    "reconnect": {"true": None, "false": None},
    "charset": {"utf8mb4": None},
    "ssl": {"true": "REQUIRED", '{"rejectunauthorized":true}': "VERIFY_IDENTITY"},
    "usessl": {"true": "REQUIRED"},
    "sslaccept": {"strict": "VERIFY_IDENTITY"},
}
"""What hosting providers append for other drivers, and which `ssl-mode` it means; None is what holds here anyway."""


class Tls(StrEnum):
    """MySQL's own names for how a connection is encrypted, weakest first."""

    DISABLED = "DISABLED"
    REQUIRED = "REQUIRED"
    VERIFY_CA = "VERIFY_CA"
    VERIFY_IDENTITY = "VERIFY_IDENTITY"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """Where the data lives: a file (SQLite) when `sqlite_path` is set, else a MySQL or MariaDB server."""

    sqlite_path: Path | None = None
    host: str = ""
    port: int = MYSQL_PORT
    username: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    tls: Tls = Tls.DISABLED
    ca: Path | None = None

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raise StartRefused, with one line that holds nothing secret.

        `sqlite:///var/a.db` is relative, `sqlite:////srv/a.db` absolute. User and password are percent-encoded.
        Options: `ssl-mode` (also `sslmode`, `ssl_mode`; DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY)
        and `ssl-ca`, in any case, and what providers write for other drivers (OF_PROVIDERS). Without `ssl-mode` a
        remote server is spoken to by TLS, this machine in the clear.
        """
        scheme, separator, rest = raw.strip().partition("://")
        if separator and scheme.lower() in SQLITE:
            return cls(sqlite_path=file_path(rest))
        if separator and scheme.lower() in MYSQL:
            return cls._server(rest)
        known = scheme if separator and scheme.replace("+", "").isalnum() else "of this form"
        raise StartRefused(f"Database URLs {known} are not known here; use {FORMS}.")

    @classmethod
    def _server(cls, rest: str) -> Self:
        try:
            parts = urlsplit(f"mysql://{rest}")
            host, port = parts.hostname or "", parts.port or MYSQL_PORT
        except ValueError:
            raise StartRefused(f"The database URL has a bad host or port; use {FORMS}.") from None
        database = unquote(parts.path.removeprefix("/"))
        if not host or not parts.username or not database or "/" in database or parts.fragment:
            raise StartRefused(
                f"The database URL must name user, host and database; use {FORMS} (percent-encode what is special)."
            )
        given = options(parts)
        return cls(
            host=host,
            port=port,
            username=unquote(parts.username),
            password=unquote(parts.password or ""),
            database=database,
            tls=tls(given.get(MODE), host, verified="sslca" in given),
            ca=Path(given[CA]) if CA in given else None,
        )

    @property
    def masked(self) -> str:
        """For people and logs: everything but the password."""
        if self.sqlite_path is not None:
            return f"sqlite:///{self.sqlite_path}"
        password = ":***" if self.password else ""
        ca = f"&ssl-ca={self.ca}" if self.ca else ""
        return (
            f"mysql://{quote(self.username)}{password}@{bracketed(self.host)}:{self.port}/{quote(self.database)}"
            f"?ssl-mode={self.tls}{ca}"
        )


def file_path(rest: str) -> Path:
    """What stands behind `sqlite://`: a slash, then the path as it is."""
    if "?" in rest:
        raise StartRefused("A sqlite:/// URL takes no options; it is sqlite:///PATH and nothing else.")
    path = rest.removeprefix("/")
    if not rest.startswith("/") or path in ("", ":memory:") or "\0" in path:
        raise StartRefused("A sqlite:/// URL must name a file: sqlite:///PATH (sqlite:////PATH when absolute).")
    return Path(path)


def options(parts: SplitResult) -> dict[str, str]:
    """`ssl-mode` and `ssl-ca` however they are spelt; anything else is refused rather than passed over."""
    given: dict[str, str] = {}
    for name, written in parse_qsl(parts.query, keep_blank_values=True):
        key, value = name.lower().replace("-", "").replace("_", ""), written
        meanings = OF_PROVIDERS.get(key, {})
        if (known := written.lower().replace(" ", "")) in meanings:
            if (mode := meanings[known]) is None:
                continue
            key, value = MODE, mode
        if key not in (MODE, CA) or not value:
            shown = name if name.replace("-", "").replace("_", "").isalnum() else "of that name"
            raise StartRefused(f"The database URL's option {shown} is not known here; known are ssl-mode and ssl-ca.")
        if key in given:
            raise StartRefused(f"The database URL gives {name} twice.")
        given[key] = value
    return given


def tls(mode: str | None, host: str, *, verified: bool) -> Tls:
    """The mode that was asked for. PREFERRED becomes REQUIRED (what a listener can talk us out of protects nothing),
    and a CA is always checked against, as by MySQL's own clients."""
    if mode is None:
        chosen = Tls.DISABLED if is_loopback(host) and not verified else Tls.REQUIRED
    elif (name := mode.upper().replace("-", "_")) == "PREFERRED":
        chosen = Tls.REQUIRED
    elif name in Tls.__members__:
        chosen = Tls[name]
    else:
        raise StartRefused(f"The database URL's ssl-mode must be one of PREFERRED, {', '.join(Tls)}.")
    if verified and chosen is Tls.DISABLED:
        raise StartRefused("The database URL gives ssl-ca together with ssl-mode=DISABLED; drop one of them.")
    return Tls.VERIFY_CA if verified and chosen is Tls.REQUIRED else chosen
