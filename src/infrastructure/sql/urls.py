"""Database URLs, as people and hosting providers write them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.mysql.hosts import Host, parse_hosts

if TYPE_CHECKING:
    from sqlalchemy import URL

SQLITE = frozenset({"sqlite", "sqlite+aiosqlite"})
MYSQL = frozenset({"mysql", "mysql+asyncmy", "mariadb", "mariadb+asyncmy"})
FORMS = "sqlite:///PATH or mysql://USER:PASSWORD@HOST:PORT/NAME?ssl-mode=MODE, with commas between several HOST:PORT"
MODE, CA, CERTIFICATE, KEY, SOCKET = "sslmode", "sslca", "sslcert", "sslkey", "unixsocket"
OPTIONS = {MODE: "ssl-mode", CA: "ssl-ca", CERTIFICATE: "ssl-cert", KEY: "ssl-key", SOCKET: "unix_socket"}
"""The options by their names without hyphens and underscores, and how Doorward writes them."""

CA_SETTING = "DOORWARD_DATABASE_SSL_CA"

ENCODING_HINT = "percent-encode what is special in the user or the password: @ as %40, / as %2F, ? as %3F, # as %23"

PATH_OR_OPTIONS = re.compile("[/?]")
STAND_IN = "host"
"""What SQLAlchemy parses in place of the hosts, of which it knows one."""

PROVIDER_OPTIONS: Mapping[str, Mapping[str, str | None]] = {
    "reconnect": {"true": None, "false": None},
    "charset": {"utf8mb4": None},
    "ssl": {"true": "REQUIRED", '{"rejectunauthorized":true}': "VERIFY_IDENTITY"},
    "usessl": {"true": "REQUIRED"},
    "sslaccept": {"strict": "VERIFY_IDENTITY"},
}
"""Options that hosting providers append for other drivers, their values, and the `ssl-mode` that each means.

None means that the option changes nothing, because Doorward does so in any case.
"""


class Tls(StrEnum):
    """How a connection is encrypted, by MySQL's names for it, weakest first."""

    DISABLED = "DISABLED"
    REQUIRED = "REQUIRED"
    VERIFY_CA = "VERIFY_CA"
    VERIFY_IDENTITY = "VERIFY_IDENTITY"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """The parsed URL of a SQLite file, if `sqlite_path` is set, or else of MySQL or MariaDB servers."""

    sqlite_path: Path | None = None
    hosts: tuple[Host, ...] = ()
    """The servers of one database, in the order in which they are tried at first. One of them takes writes at a time.
    """
    username: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    tls: Tls = Tls.DISABLED
    ca: Path | None = None
    certificate: Path | None = None
    """The certificate that Doorward presents to the server, in PEM. It needs `private_key`."""
    private_key: Path | None = None
    unix_socket: Path | None = None
    """The server's socket, used in place of the one host and its port."""
    ca_certificates: str | None = field(default=None, repr=False)
    """The text of CA certificates in PEM, in place of the file `ca`. A setting of its own and no part of the URL."""
    read_hosts: tuple[Host, ...] = ()
    """Servers with copies, from which lists are read. A setting of its own and no part of the URL."""
    table_prefix: str = ""
    """Before the name of each table. A setting of its own and no part of the URL."""

    @classmethod
    def parse(cls, raw: str, ca_certificates: str | None = None) -> Self:
        """Return the parsed URL. Raise StartRefused with one line that contains no secret.

        `sqlite:///var/a.db` is relative, `sqlite:////srv/a.db` absolute, and the path is taken as it is written. A
        MySQL database may have several hosts: `mysql://ada@h1,h2:3307,[::1]/shop`. User, password and the name of a
        MySQL database are percent-encoded. Options are `ssl-mode` (also `sslmode`, `ssl_mode`; DISABLED, PREFERRED,
        REQUIRED, VERIFY_CA, VERIFY_IDENTITY), `ssl-ca`, `ssl-cert`, `ssl-key`, `unix_socket`, and PROVIDER_OPTIONS, in
        any case. Without `ssl-mode`, connections use TLS, unless all hosts are this machine.
        """
        scheme, separator, rest = raw.strip().partition("://")
        if separator and scheme.lower() in SQLITE:
            return cls(sqlite_path=file_path(rest))
        if separator and scheme.lower() in MYSQL:
            return cls._server(rest, ca_certificates)
        known = scheme if separator and scheme.replace("+", "").isalnum() else "of this form"
        raise StartRefused(f"Database URLs {known} are not supported; use {FORMS}.")

    @classmethod
    def _server(cls, rest: str, ca_certificates: str | None) -> Self:
        hosts, url = parted(rest)
        database = url.database or ""
        if not hosts or not url.username or not database or "/" in database:
            raise StartRefused(f"The database URL must name user, host and database; use {FORMS}; {ENCODING_HINT}.")
        given = options(url, rest.partition("@")[2])
        files = {key: Path(given[key]) for key in (CA, CERTIFICATE, KEY, SOCKET) if key in given}
        if (CERTIFICATE in given) != (KEY in given):
            raise StartRefused("The database URL gives one of ssl-cert and ssl-key; give both.")
        if SOCKET in given and (not files[SOCKET].is_absolute() or len(hosts) > 1 or not hosts[0].is_local):
            raise StartRefused(
                "unix_socket in the database URL needs an absolute path, and localhost as the only host."
            )
        if CA in given and ca_certificates is not None:
            raise StartRefused(f"The database URL gives ssl-ca, and {CA_SETTING} is set; keep one.")
        return cls(
            hosts=hosts,
            username=url.username,
            password=url.password or "",
            database=database,
            tls=tls(given, hosts, has_ca=CA in given or ca_certificates is not None),
            ca=files.get(CA),
            ca_certificates=ca_certificates,
            certificate=files.get(CERTIFICATE),
            private_key=files.get(KEY),
            unix_socket=files.get(SOCKET),
        )

    def with_read_hosts(self, raw: str) -> Self:
        """Return the URL with the hosts of DOORWARD_READ_HOSTS. Raise ValueError for what are none, and for hosts that
        `ssl-mode` would leave without TLS although they are other machines."""
        try:
            hosts = parse_hosts(raw) if raw else ()
        except ValueError as error:
            raise ValueError(f"DOORWARD_READ_HOSTS has {error}; write HOST,HOST:PORT") from None
        if hosts and self.unix_socket is not None:
            raise ValueError("DOORWARD_READ_HOSTS is set, and the database is reached by its socket; give it a host")
        if (
            self.tls is Tls.DISABLED
            and all(host.is_local for host in self.hosts)
            and not all(h.is_local for h in hosts)
        ):
            raise ValueError(
                "DOORWARD_READ_HOSTS names other machines; add ?ssl-mode=REQUIRED or more to the database URL"
            )
        return replace(self, read_hosts=hosts)

    @property
    def masked(self) -> str:
        """Return the URL without the password, for messages and logs."""
        if self.sqlite_path is not None:
            return f"sqlite:///{self.sqlite_path}"
        password = ":***" if self.password else ""
        files = {CA: self.ca, CERTIFICATE: self.certificate, KEY: self.private_key, SOCKET: self.unix_socket}
        given = "".join(f"&{OPTIONS[key]}={path}" for key, path in files.items() if path)
        return (
            f"mysql://{quote(self.username)}{password}@{','.join(map(str, self.hosts))}/{quote(self.database)}"
            f"?ssl-mode={self.tls}{given}"
        )


def file_path(rest: str) -> Path:
    """Return the path of a SQLite URL; `rest` is the part after `sqlite://`."""
    if "?" in rest:
        raise StartRefused("A sqlite:/// URL takes no options; it is sqlite:///PATH and nothing else.")
    path = rest.removeprefix("/")
    if not rest.startswith("/") or path in ("", ":memory:") or "\0" in path:
        raise StartRefused("A sqlite:/// URL must name a file: sqlite:///PATH (sqlite:////PATH when absolute).")
    return Path(path)


def parted(rest: str) -> tuple[tuple[Host, ...], "URL"]:
    """Return the hosts of a MySQL URL, and what SQLAlchemy reads in the rest. Raise StartRefused."""
    from sqlalchemy import make_url  # noqa: PLC0415 slow, and `doorward --help` does not need it
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    user, at, behind_user = rest.partition("@")
    written = PATH_OR_OPTIONS.split(behind_user, maxsplit=1)[0]
    try:
        hosts = parse_hosts(written) if written else ()
        url = make_url(f"mysql://{user}{at}{STAND_IN}{behind_user.removeprefix(written)}")
    except ArgumentError:
        raise StartRefused(f"The database URL has a bad host or port; use {FORMS}; {ENCODING_HINT}.") from None
    except ValueError as error:
        raise StartRefused(f"The database URL has {error}; use {FORMS}; {ENCODING_HINT}.") from None
    if "#" in behind_user or "@" in behind_user.partition("?")[0]:  # as in a password that is not encoded
        raise StartRefused(f"The database URL has a bad host or port; use {FORMS}; {ENCODING_HINT}.")
    return hosts, url


def options(url: "URL", behind_user: str) -> dict[str, str]:
    """Return the value of each option by its key in OPTIONS.

    Raise StartRefused for an unknown, empty or repeated option.
    """
    given: dict[str, str] = {}
    written = [(name, value) for name, values in url.normalized_query.items() for value in values]
    if len(written) != len([piece for piece in behind_user.partition("?")[2].split("&") if piece]):
        raise StartRefused("The database URL has an option without a value.")
    for name, value in written:
        key, meant = canonical(name, value)
        if meant is None:
            continue
        if key in given:
            raise StartRefused(f"The database URL gives {name} twice.")
        given[key] = meant
    return given


def canonical(name: str, value: str) -> tuple[str, str | None]:
    """Return the key in OPTIONS and the value, for any spelling. The value is None if it changes nothing."""
    key = name.lower().replace("-", "").replace("_", "")
    meanings = PROVIDER_OPTIONS.get(key, {})
    if (spelling := value.lower().replace(" ", "")) in meanings:
        return MODE, meanings[spelling]
    if key == "charset":
        raise StartRefused("The database URL's option charset can only be utf8mb4; remove it.")
    if key not in OPTIONS:
        shown = name if name.replace("-", "").replace("_", "").isalnum() else "of that name"
        raise StartRefused(
            f"The database URL's option {shown} is not supported; use {', '.join(OPTIONS.values())}; "
            f"if it is part of the password, {ENCODING_HINT}."
        )
    return key, value


def tls(given: Mapping[str, str], hosts: Sequence[Host], *, has_ca: bool) -> Tls:
    """Return the TLS mode for the hosts.

    PREFERRED becomes REQUIRED, because an attacker could prevent TLS that is only preferred. With a CA the certificate
    is always verified, as by MySQL's own clients.
    """
    mode = given.get(MODE)
    certificates = [OPTIONS[key] for key in (CA, CERTIFICATE) if key in given]
    if has_ca and CA not in given:
        certificates.append(CA_SETTING)
    if mode is None:
        chosen = Tls.DISABLED if all(host.is_local for host in hosts) and not certificates else Tls.REQUIRED
    elif (name := mode.upper().replace("-", "_")) == "PREFERRED":
        chosen = Tls.REQUIRED
    elif name in Tls.__members__:
        chosen = Tls[name]
    else:
        raise StartRefused(f"The database URL's ssl-mode must be one of PREFERRED, {', '.join(Tls)}.")
    if certificates and chosen is Tls.DISABLED:
        raise StartRefused(
            f"The database URL gives ssl-mode=DISABLED together with {certificates[0]}; remove one of them."
        )
    return Tls.VERIFY_CA if has_ca and chosen is Tls.REQUIRED else chosen
