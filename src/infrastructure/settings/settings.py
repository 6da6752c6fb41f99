"""All settings as one frozen object. `loading.py` makes it."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Unpack
from urllib.parse import urlsplit

from msgspec import Meta

from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME
from doorward.infrastructure.adapters.address import Address
from doorward.infrastructure.adapters.chosen import hasher_adapter, mail_adapter, storage_adapter
from doorward.infrastructure.adapters.storage_address import StorageAddress
from doorward.infrastructure.settings.account_settings import (
    DeletedAccountsDays,
    PasswordBlocklist,
    PasswordMinLength,
    ProfileSchemaFile,
    SessionAbsoluteSeconds,
    SessionIdleSeconds,
    SessionsPerAccount,
    SignUpMode,
)
from doorward.infrastructure.settings.database_settings import (
    DatabaseCertificates,
    DatabasePoolSize,
    DatabaseWaitSeconds,
    ReadHosts,
)
from doorward.infrastructure.settings.hashing_settings import HasherName, HashQueue, HashThreads, HashWaitSeconds
from doorward.infrastructure.settings.letter_settings import (
    EmailCodes,
    EmailVerificationChoice,
    MailSender,
    MailServerUrl,
    NewDeviceLetters,
    TemplateFolder,
)
from doorward.infrastructure.settings.limits import LimitSettings
from doorward.infrastructure.settings.serving_settings import DrainSeconds
from doorward.infrastructure.settings.setting_values import SettingValues
from doorward.infrastructure.settings.web_addresses import Network

if TYPE_CHECKING:
    from doorward.infrastructure.adapters.hasher_adapter import HasherAdapter
    from doorward.infrastructure.adapters.mail_adapter import MailAdapter
    from doorward.infrastructure.adapters.storage_adapter import StorageAdapter

ADVICE_ON_LIFETIME = "write a whole number from 60 to 900; up to 86400 is for DOORWARD_DIALECT=tutorial only"
WORD_PATTERN = r"^[^\s\x00-\x1f\x7f]{1,200}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective settings. A setting that is not given has its default, which may depend on other settings."""

    host: Annotated[
        str, Meta(description="IP address to listen on. Outside loopback SECRET_KEY and TLS are required.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535, description="Port to listen on. A bare `PORT` works, too.")] = 8080
    data_dir: Annotated[
        Path,
        Meta(
            description="Folder of the SQLite database and the master secret, and of letters while there is no "
            "SMTP_URL; made with mode 0700."
        ),
    ] = Path("var")
    database_url: Annotated[
        str,
        Meta(
            description="`sqlite:///PATH`, `mysql://USER:PASSWORD@HOST/NAME?ssl-mode=VERIFY_IDENTITY` (several hosts "
            "as `HOST,HOST:PORT`), or a URL whose scheme an installed adapter has. `DOORWARD_DATABASE_URL_FILE` names "
            "a file that holds it.",
            extra={"default": "sqlite:///DATA_DIR/doorward.db"},
        ),
    ] = field(repr=False)
    database_pool_size: DatabasePoolSize = 10
    database_wait_seconds: DatabaseWaitSeconds = 30
    database_ssl_ca: DatabaseCertificates = None
    read_hosts: ReadHosts = None
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
        bool, Meta(description="True when a proxy terminates TLS in front of a non-loopback HOST.")
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
        str, Meta(pattern=WORD_PATTERN, description="`iss` of the access tokens.", extra={"default": "PUBLIC_URL"})
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
    session_idle_seconds: SessionIdleSeconds = 1_209_600
    session_absolute_seconds: SessionAbsoluteSeconds = 7_776_000
    sessions_per_account: SessionsPerAccount = 50
    deleted_accounts_days: DeletedAccountsDays = 30
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
    password_min_length: PasswordMinLength
    password_blocklist: PasswordBlocklist = None
    profile_schema: ProfileSchemaFile = None
    sign_up: SignUpMode = "open"
    smtp_url: MailServerUrl = field(default=None, repr=False)
    mail_from: MailSender = "doorward@localhost.localdomain"
    templates: TemplateFolder = None
    email_verification: EmailVerificationChoice = "optional"
    email_codes: EmailCodes = False
    new_device_letters: NewDeviceLetters = True
    workers: Annotated[int, Meta(ge=1, le=64, description="Worker processes.")] = 1
    hasher: HasherName = "auto"
    hash_threads: HashThreads
    hash_queue: HashQueue
    hash_wait_seconds: HashWaitSeconds = 1
    limits: LimitSettings = field(default_factory=LimitSettings)
    keep_alive_seconds: Annotated[
        int,
        Meta(
            ge=1,
            le=3_600,
            description="Seconds after which an idle connection is closed; a request has the same time to send its "
            "headers. Behind a load balancer it must be longer than the balancer's own.",
        ),
    ] = 5
    drain_seconds: DrainSeconds = 0
    docs: Annotated[bool, Meta(description="Serve `/docs` and `/openapi.json`.")] = True
    audit_days: Annotated[
        int, Meta(ge=0, le=36_500, description="Days for which entries of the audit log are kept. 0 means for ever.")
    ] = 365
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="Lowest level that is logged: `debug`, `info`, `warning` or `error`."),
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "pretty"],
        Meta(description="`json`, `pretty`, or `auto`: pretty on a terminal, otherwise JSON lines."),
    ] = "auto"

    @staticmethod
    def of(**values: Unpack[SettingValues]) -> "Settings":
        """Return settings with these values, without the environment and `.env`. Raise StartRefused with one line."""
        from doorward.infrastructure.settings.keywords import settings_of  # noqa: PLC0415 it imports this class

        return settings_of(values)

    @property
    def https(self) -> bool:
        """Return whether clients use TLS, to Doorward or to a proxy in front of it."""
        return self.behind_tls_proxy or self.public_url.startswith("https://")

    @property
    def database(self) -> "StorageAdapter":
        """Return the adapter of the database. Raise StartRefused."""
        return storage_adapter(
            StorageAddress(
                url=Address.parse(self.database_url),
                table_prefix=self.table_prefix,
                ca_certificates=self.database_ssl_ca,
                read_hosts=self.read_hosts,
                connections=self.database_pool_size,
                processes=self.workers,
            )
        )

    @property
    def mail(self) -> "MailAdapter | None":
        """Return the adapter that sends letters, or None if they become files. Raise StartRefused."""
        return None if self.smtp_url is None else mail_adapter(Address.parse(self.smtp_url))

    @property
    def hashing(self) -> "HasherAdapter":
        """Return the adapter that hashes passwords. Raise StartRefused."""
        return hasher_adapter(self.hasher)

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
    def secret_key_path(self) -> Path:
        """Return the file of the master secret, which is used when `secret_key` is not given."""
        return self.data_dir / "secret.key"
