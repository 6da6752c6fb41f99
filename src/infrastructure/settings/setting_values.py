"""The settings as a program writes them: the keywords of `Settings.of`."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypedDict

Seconds = int | str | timedelta
"""Seconds, a text such as `15m`, or a timedelta."""

Days = int | timedelta
Texts = Iterable[str]


class SettingValues(TypedDict, total=False):
    """Every setting, by its name in lower case and without DOORWARD_. docs/settings.md says what each means.

    None stands for the default. A name with `_file` names a file that holds the value.
    """

    host: str | None
    port: int | None
    data_dir: str | Path | None
    database_url: str | None
    database_url_file: str | Path | None
    database_pool_size: int | None
    database_wait_seconds: Seconds | None
    database_ssl_ca: str | None
    database_ssl_ca_file: str | Path | None
    read_hosts: str | None
    table_prefix: str | None
    secret_key: str | None
    secret_key_file: str | Path | None
    secret_key_previous: str | None
    secret_key_previous_file: str | Path | None
    public_url: str | None
    proxy_path: Literal["either", "kept", "stripped"] | None
    behind_tls_proxy: bool | None
    allowed_hosts: Texts | None
    cors_origins: Texts | None
    cors_headers: Texts | None
    trusted_proxies: Iterable[object] | None
    dialect: Literal["standard", "tutorial"] | None
    issuer: str | None
    audience: str | None
    access_token_seconds: Seconds | None
    refresh_grace: Seconds | None
    session_idle_seconds: Seconds | None
    session_absolute_seconds: Seconds | None
    sessions_per_account: int | None
    deleted_accounts_days: Days | None
    key_algorithm: Literal["ES256", "EdDSA", "RS256"] | None
    key_rotation_days: Days | None
    password_min_length: int | None
    password_blocklist: str | Path | None
    profile_schema: str | Path | None
    sign_up: Literal["open", "invited", "closed"] | None
    smtp_url: str | None
    smtp_url_file: str | Path | None
    mail_from: str | None
    templates: str | Path | None
    email_verification: Literal["off", "optional", "required"] | None
    email_codes: bool | None
    new_device_letters: bool | None
    workers: int | None
    hasher: str | None
    hash_threads: int | None
    hash_queue: int | None
    hash_wait_seconds: Seconds | None
    sign_in_free_attempts: int | None
    sign_in_attempts_per_day: int | None
    redis_url: str | None
    redis_url_file: str | Path | None
    limit_sign_in: str | None
    limit_sign_up: str | None
    limit_forgot: str | None
    limit_reset: str | None
    limit_confirm: str | None
    limit_refresh: str | None
    limit_introspect: str | None
    limit_code: str | None
    limit_verify: str | None
    keep_alive_seconds: Seconds | None
    drain_seconds: Seconds | None
    docs: bool | None
    audit_days: Days | None
    log_level: Literal["debug", "info", "warning", "error"] | None
    log_format: Literal["auto", "json", "pretty"] | None
