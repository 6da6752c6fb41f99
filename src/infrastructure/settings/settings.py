"""All settings: one frozen object, read once, from the environment and `.env` (the environment wins).

Every process imports this module first, so it imports nothing that is slow to import.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import urlsplit

from msgspec import Meta

from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME, MAX_TUTORIAL_ACCESS_TOKEN_LIFETIME
from doorward.infrastructure.mail.sender import check_mail_from
from doorward.infrastructure.mail.smtp_url import check_smtp_url
from doorward.infrastructure.settings.certificates import parse_certificates
from doorward.infrastructure.settings.durations import parse_seconds
from doorward.infrastructure.settings.public_path import refuse_ambiguous_path
from doorward.infrastructure.settings.sources import GENERATE_HINT, SettingText, Sources
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.settings.table_prefix import parse_table_prefix
from doorward.infrastructure.settings.web_addresses import (
    LOOPBACK_NAMES,
    Network,
    bracketed,
    is_loopback,
    is_wildcard,
    parse_header_name,
    parse_host,
    parse_listen_address,
    parse_network,
    parse_origin,
    parse_public_url,
)
from doorward.infrastructure.sql.urls import DatabaseUrl

ENV_FILE = Path(".env")
"""Relative to the current directory."""

HASH_QUEUE_PER_THREAD = 32
"""The default number of passwords that wait for each hashing thread."""

ADVICE_ON_LIFETIME = "write a whole number from 60 to 900; up to 86400 is for DOORWARD_DIALECT=tutorial only"
WORD_PATTERN = r"^[^\s\x00-\x1f\x7f]{1,200}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective settings. A setting that is not given has its default, which may depend on other settings."""

    host: Annotated[
        str,
        Meta(description="IP address to listen on. Outside loopback SECRET_KEY and TLS are required."),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535, description="Port to listen on. A bare `PORT` works, too.")] = 8080
    data_dir: Annotated[
        Path,
        Meta(description="Folder of the SQLite database and the master secret; made with mode 0700."),
    ] = Path("var")
    database_url: Annotated[
        str,
        Meta(
            description="`sqlite:///PATH` or `mysql://USER:PASSWORD@HOST/NAME?ssl-mode=VERIFY_IDENTITY`. "
            "`DOORWARD_DATABASE_URL_FILE` names a file that holds it.",
            extra={"default": "sqlite:///DATA_DIR/doorward.db"},
        ),
    ] = field(repr=False)
    database_pool_size: Annotated[
        int,
        Meta(ge=2, le=1_000, description="Maximum of MySQL connections per worker, 2 or more. Half read, half write."),
    ] = 10
    database_ssl_ca: Annotated[
        str | None,
        Meta(
            description="CA certificates of the MySQL server in PEM, in place of `ssl-ca=FILE` in the URL. "
            "`DOORWARD_DATABASE_SSL_CA_FILE` names a file that holds them.",
            extra={"default": "none"},
        ),
    ] = None
    table_prefix: Annotated[
        str,
        Meta(
            description="Beginning of the name of each table, such as `doorward_`, in a database that other programs "
            "or other Doorwards use, too: up to 24 letters, digits and underscores. Changing it changes the tables.",
            extra={"default": "none"},
        ),
    ] = ""
    secret_key: Annotated[
        str | None,
        Meta(
            description="Master secret, 32 random characters or more. It encrypts the signing keys, and the refresh "
            "tokens are derived from it. `DOORWARD_SECRET_KEY_FILE` names a file that holds it.",
            extra={"default": "DATA_DIR/secret.key, made at the first start"},
        ),
    ] = field(default=None, repr=False)
    secret_key_previous: Annotated[
        str | None,
        Meta(
            description="The previous master secret, while it is being replaced. "
            "`DOORWARD_SECRET_KEY_PREVIOUS_FILE` names a file that holds it.",
            extra={"default": "none"},
        ),
    ] = field(default=None, repr=False)
    public_url: Annotated[
        str,
        Meta(
            description="Where clients reach the service, such as `https://auth.example.com`, or "
            "`https://example.com/auth` with a path.",
            extra={"default": "http://127.0.0.1:PORT"},
        ),
    ]
    proxy_path: Annotated[
        Literal["either", "kept", "stripped"],
        Meta(
            description="What the proxy does with the path of PUBLIC_URL: `kept`, `stripped`, or `either`, which "
            "accepts both. Set it if the proxy has rules of its own for paths."
        ),
    ] = "either"
    behind_tls_proxy: Annotated[
        bool,
        Meta(description="True when a proxy terminates TLS in front of a non-loopback HOST."),
    ] = False
    allowed_hosts: Annotated[
        frozenset[str],
        Meta(
            description="Additional host names that the service answers to, separated by commas.",
            extra={"default": "the host of PUBLIC_URL, and loopback names while HOST includes loopback"},
        ),
    ]
    cors_origins: Annotated[
        frozenset[str],
        Meta(
            description="Exact origins whose pages may call the API, also with cookies, separated by commas. "
            "The tutorial dialect adds the origin of the tutorial's client.",
            extra={"default": "none"},
        ),
    ] = frozenset()
    cors_headers: Annotated[
        frozenset[str],
        Meta(
            description="Additional request headers that pages of CORS_ORIGINS may send, separated by commas.",
            extra={"default": "baggage,traceparent,tracestate"},
        ),
    ] = frozenset({"baggage", "traceparent", "tracestate"})
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Meta(
            description="Addresses or networks of proxies whose `X-Forwarded-For` is used, separated by commas.",
            extra={"default": "none"},
        ),
    ] = ()
    dialect: Annotated[
        Literal["standard", "tutorial"],
        Meta(
            description="`tutorial` restores the tutorial's status codes, which tell strangers which accounts exist, "
            "and takes what its front ends send."
        ),
    ] = "standard"
    issuer: Annotated[
        str,
        Meta(pattern=WORD_PATTERN, description="`iss` of the access tokens.", extra={"default": "PUBLIC_URL"}),
    ]
    audience: Annotated[str, Meta(pattern=WORD_PATTERN, description="`aud` of the access tokens.")] = "doorward"
    access_token_seconds: Annotated[
        int,
        Meta(
            ge=60,
            le=86_400,
            description="Life of an access token in seconds, 60 to 900; up to 86400 in the tutorial dialect.",
            extra={"advice": ADVICE_ON_LIFETIME},
        ),
    ] = 900
    refresh_grace: Annotated[
        int,
        Meta(
            ge=0,
            le=600,
            description="Seconds for which a used refresh token gets the same successor again, 0 to 600.",
        ),
    ] = 10
    session_idle_seconds: Annotated[
        int,
        Meta(
            ge=60, le=31_536_000, description="Seconds without a refresh after which a session ends; default 14 days."
        ),
    ] = 1_209_600
    session_absolute_seconds: Annotated[
        int,
        Meta(
            ge=60,
            le=31_536_000,
            description="Seconds after sign-in at which a session ends in any case; default 90 days.",
        ),
    ] = 7_776_000
    sessions_per_account: Annotated[
        int,
        Meta(ge=1, le=1_000, description="Maximum of sessions per account. One more sign-in ends the oldest."),
    ] = 50
    key_algorithm: Annotated[
        Literal["ES256", "EdDSA", "RS256"],
        Meta(description="Algorithm of the signing keys that the service makes: `ES256`, `EdDSA` or `RS256`."),
    ] = "ES256"
    key_rotation_days: Annotated[
        int,
        Meta(
            ge=0, le=3_650, description="Days after which a new key signs. It is published a day before. 0 means never."
        ),
    ] = 90
    password_min_length: Annotated[
        int,
        Meta(ge=8, le=64, description="Shortest new password in characters, 8 to 64."),
    ] = 15
    password_blocklist: Annotated[
        Path | None,
        Meta(description="File of additional forbidden passwords, one per line.", extra={"default": "none"}),
    ] = None
    smtp_url: Annotated[
        str | None,
        Meta(
            description="Mail server for letters: `smtp://USER:PASSWORD@HOST:PORT` (STARTTLS), or `smtps://` for "
            "implicit TLS. `DOORWARD_SMTP_URL_FILE` names a file that holds it.",
            extra={"default": "none: letters become files in DATA_DIR/letters"},
        ),
    ] = field(default=None, repr=False)
    mail_from: Annotated[
        str,
        Meta(
            description="Sender of letters, such as `Example <noreply@example.com>`. Required with SMTP_URL.",
            extra={"default": "doorward@localhost.localdomain"},
        ),
    ] = "doorward@localhost.localdomain"
    templates: Annotated[
        Path | None,
        Meta(
            description="Folder of templates of your own for letters; see [letters](letters.md).",
            extra={"default": "none"},
        ),
    ] = None
    workers: Annotated[int, Meta(ge=1, le=64, description="Worker processes.")] = 1
    hasher: Annotated[
        Literal["auto", "argon2-cffi", "libsodium"],
        Meta(
            description="Library that computes password hashes: `argon2-cffi`, `libsodium` (through PyNaCl), or "
            "`auto`: libsodium where PyNaCl works, otherwise argon2-cffi. The hashes are the same. Which library "
            "is faster depends on the processor."
        ),
    ] = "auto"
    hash_threads: Annotated[
        int,
        Meta(
            ge=1,
            le=256,
            description="Passwords hashed at the same time, per worker.",
            extra={"default": "number of cores"},
        ),
    ]
    hash_queue: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="Passwords waiting to be hashed, per worker. Beyond that, or if the wait would be longer than "
            "HASH_WAIT_SECONDS, sign-ins get 503.",
            extra={"default": "32 x HASH_THREADS"},
        ),
    ]
    hash_wait_seconds: Annotated[
        int,
        Meta(ge=1, le=60, description="Longest wait of a sign-in before its password is hashed, 1 to 60 seconds."),
    ] = 1
    sign_in_free_attempts: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Wrong passwords in a row at one login name that cost no delay. Each further one delays the "
            "next attempt by 1 to 10 seconds.",
        ),
    ] = 3
    sign_in_attempts_per_day: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="Wrong passwords in a row at one login name within a day."),
    ] = 50
    keep_alive_seconds: Annotated[
        int,
        Meta(
            ge=1,
            le=3_600,
            description="Seconds after which an idle connection is closed; a request has the same time to send its "
            "headers. Behind a load balancer it must be longer than the balancer's own.",
        ),
    ] = 5
    docs: Annotated[bool, Meta(description="Serve `/docs` and `/openapi.json`.")] = True
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="Lowest level that is logged: `debug`, `info`, `warning` or `error`."),
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "pretty"],
        Meta(description="`json`, `pretty`, or `auto`: pretty on a terminal, otherwise JSON lines."),
    ] = "auto"

    @property
    def https(self) -> bool:
        """Return whether clients use TLS, to Doorward or to a proxy in front of it."""
        return self.behind_tls_proxy or self.public_url.startswith("https://")

    @property
    def database(self) -> DatabaseUrl:
        """Return the parsed URL with the other settings of the database."""
        return replace(DatabaseUrl.parse(self.database_url, self.database_ssl_ca), table_prefix=self.table_prefix)

    @property
    def public_origin(self) -> str:
        """Return scheme, host and port of `public_url`."""
        return self.public_url.removesuffix(self.public_path)

    @property
    def public_path(self) -> str:
        """Return the path of `public_url` without a slash at the end; empty if it has none."""
        return urlsplit(self.public_url).path

    @property
    def longest_token_lifetime(self) -> timedelta:
        """Return for how long ends of sessions and keys must be kept, because of tokens that may be valid."""
        return max(MAX_ACCESS_TOKEN_LIFETIME, timedelta(seconds=self.access_token_seconds))

    @property
    def needs_data_dir(self) -> bool:
        """Return whether anything is stored in `data_dir`: the master secret or the SQLite database."""
        database = self.database.sqlite_path
        stored = database is not None and database.resolve().is_relative_to(self.data_dir.resolve())
        return self.secret_key is None or stored

    @property
    def letters_folder(self) -> Path:
        """Return the folder of the letters, which is used when `smtp_url` is not given."""
        return self.data_dir / "letters"

    @property
    def secret_key_path(self) -> Path:
        """Return the file of the master secret, which is used when `secret_key` is not given."""
        return self.data_dir / "secret.key"


def load_settings(environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Return the settings. Raise StartRefused with one line that names the wrong variable and contains no secret."""
    hints = get_type_hints(Settings, include_extras=True)
    sources = Sources.read(environ, env_file, hints)
    given = {name: found for name in hints if (found := sources.find(name)) is not None}
    values = {name: found.parsed(hints[name], PARSERS.get(name)) for name, found in given.items()}
    refuse_exposure(values, given)
    if "smtp_url" in given and "mail_from" not in given:
        raise StartRefused("DOORWARD_SMTP_URL is set: set DOORWARD_MAIL_FROM, too, to the sender of the letters.")
    refuse_long_tokens(values, given)
    settings = with_defaults(values)
    refuse_ambiguous_path(settings.public_path, settings.proxy_path)
    if settings.database_ssl_ca is not None:
        refuse_useless_ca(settings)
    return settings


def refuse_useless_ca(settings: Settings) -> None:
    """Raise StartRefused when the URL does not go together with DOORWARD_DATABASE_SSL_CA."""
    if settings.database.sqlite_path is not None:
        raise StartRefused("DOORWARD_DATABASE_SSL_CA is for MySQL, and the database is SQLite; remove it.")


def check_database_url(raw: str) -> str:
    """Return the database URL. Raise ValueError when it cannot be used, before anything connects."""
    try:
        DatabaseUrl.parse(raw)
    except StartRefused as refused:
        raise ValueError(str(refused).removesuffix(".")) from refused
    return raw


def check_templates(raw: str) -> Path:
    """Return the folder of templates. Raise ValueError when there is none."""
    folder = Path(raw).expanduser().absolute()
    if not folder.is_dir():
        raise ValueError("name a folder that exists, with templates for letters")
    return folder


PARSERS: Mapping[str, Callable[[str], object]] = {
    "host": parse_listen_address,
    "database_url": check_database_url,
    "database_ssl_ca": parse_certificates,
    "table_prefix": parse_table_prefix,
    "public_url": parse_public_url,
    "allowed_hosts": parse_host,
    "cors_origins": parse_origin,
    "cors_headers": parse_header_name,
    "trusted_proxies": parse_network,
    "smtp_url": check_smtp_url,
    "mail_from": check_mail_from,
    "templates": check_templates,
    "access_token_seconds": parse_seconds,
    "refresh_grace": parse_seconds,
    "session_idle_seconds": parse_seconds,
    "session_absolute_seconds": parse_seconds,
    "hash_wait_seconds": parse_seconds,
    "keep_alive_seconds": parse_seconds,
}


def refuse_exposure(values: Mapping[str, Any], given: Mapping[str, SettingText]) -> None:
    """Raise StartRefused when other machines can reach the service without a given secret or without TLS (OP-05)."""
    host = values.get("host", "127.0.0.1")
    if is_loopback(host):
        return
    if "secret_key" not in given:
        raise StartRefused(f"Listening on {host}: set DOORWARD_SECRET_KEY or DOORWARD_SECRET_KEY_FILE; {GENERATE_HINT}")
    if not values.get("public_url", "").startswith("https://") and not values.get("behind_tls_proxy"):
        raise StartRefused(
            f"Listening on {host}: set DOORWARD_PUBLIC_URL to its https:// address, "
            "or DOORWARD_BEHIND_TLS_PROXY=true when a proxy terminates TLS."
        )


def refuse_long_tokens(values: Mapping[str, Any], given: Mapping[str, SettingText]) -> None:
    """Raise StartRefused for access tokens that live longer than the dialect allows."""
    in_tutorial = values.get("dialect") == "tutorial"
    longest = MAX_TUTORIAL_ACCESS_TOKEN_LIFETIME if in_tutorial else MAX_ACCESS_TOKEN_LIFETIME
    if values.get("access_token_seconds", 0) > longest.total_seconds():
        raise StartRefused(f"{given['access_token_seconds'].variable}: {ADVICE_ON_LIFETIME}.")


def with_defaults(values: dict[str, Any]) -> Settings:
    """Return settings with the defaults that depend on other settings filled in."""
    settings = {each.name: each.default for each in fields(Settings) if each.default is not MISSING} | values
    host, port = settings["host"], settings["port"]
    settings["data_dir"] = data_dir = settings["data_dir"].expanduser().absolute()
    settings.setdefault("database_url", f"sqlite:///{data_dir / 'doorward.db'}")
    settings.setdefault("public_url", f"http://{bracketed('127.0.0.1' if is_wildcard(host) else host)}:{port}")
    settings.setdefault("issuer", settings["public_url"])
    settings.setdefault("hash_threads", os.cpu_count() or 1)
    settings.setdefault("hash_queue", settings["hash_threads"] * HASH_QUEUE_PER_THREAD)
    settings["allowed_hosts"] = all_allowed_hosts(settings)
    return Settings(**settings)


def all_allowed_hosts(settings: Mapping[str, Any]) -> frozenset[str]:
    """Return the host names to answer to: those that follow from other settings, and those that were given."""
    host = settings["host"]
    known: frozenset[str] = frozenset({parse_host(urlsplit(settings["public_url"]).hostname or "")})
    if is_loopback(host) or is_wildcard(host):
        known |= LOOPBACK_NAMES
    if not is_wildcard(host):
        known |= {bracketed(host)}
    return known.union(settings.get("allowed_hosts", ()))
