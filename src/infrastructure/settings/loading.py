"""Reads the settings once, from the environment and `.env` (the environment wins), and refuses what cannot work.

Every process imports this module first, so it imports nothing that is slow to import.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME, MAX_TUTORIAL_ACCESS_TOKEN_LIFETIME
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.infrastructure.adapters.chosen import check_database_url, check_hasher, check_mail_url
from doorward.infrastructure.mail.sender import check_mail_from
from doorward.infrastructure.rate_limits.redis_url import check_redis_url
from doorward.infrastructure.settings.certificates import parse_certificates
from doorward.infrastructure.settings.durations import parse_seconds
from doorward.infrastructure.settings.groups import default_values, grouped, setting_hints
from doorward.infrastructure.settings.limits import check_limits
from doorward.infrastructure.settings.public_path import refuse_ambiguous_path
from doorward.infrastructure.settings.reachability import is_for_this_machine
from doorward.infrastructure.settings.settings import ADVICE_ON_LIFETIME, Settings
from doorward.infrastructure.settings.sources import GENERATE_HINT, SettingText, Sources
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.settings.table_prefix import parse_table_prefix
from doorward.infrastructure.settings.web_addresses import (
    LOOPBACK_NAMES,
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

ENV_FILE = Path(".env")
"""Relative to the current directory."""

MIN_PASSWORD_CHARACTERS = {"standard": 15, "tutorial": 8}
"""The defaults of the dialects. The sign-up forms of the tutorial's clients take 6 to 40 characters."""

HASH_QUEUE_PER_THREAD = 32
"""The default number of passwords that wait for each hashing thread."""


def load_settings(environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Return the settings. Raise StartRefused with one line that names the wrong variable and contains no secret."""
    hints = setting_hints()
    sources = Sources.read(environ, env_file, hints)
    given = {name: found for name in hints if (found := sources.find(name)) is not None}
    values = {name: found.parsed(hints[name], PARSERS.get(name)) for name, found in given.items()}
    refuse_exposure(values, given)
    if "smtp_url" in given and "mail_from" not in given:
        raise StartRefused("DOORWARD_SMTP_URL is set: set DOORWARD_MAIL_FROM, too, to the sender of the letters.")
    refuse_long_tokens(values, given)
    settings = with_defaults(values)
    refuse_ambiguous_path(settings.public_path, settings.proxy_path)
    _ = settings.database  # refuses settings that do not go together with the URL
    return settings


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
    "smtp_url": check_mail_url,
    "mail_from": check_mail_from,
    "hasher": check_hasher,
    "templates": check_templates,
    "redis_url": check_redis_url,
    **{f"limit_{name}": check_limits for name in LimitName},
    "access_token_seconds": parse_seconds,
    "refresh_grace": parse_seconds,
    "session_idle_seconds": parse_seconds,
    "session_absolute_seconds": parse_seconds,
    "hash_wait_seconds": parse_seconds,
    "database_wait_seconds": parse_seconds,
    "keep_alive_seconds": parse_seconds,
    "drain_seconds": parse_seconds,
}


def refuse_exposure(values: Mapping[str, Any], given: Mapping[str, SettingText]) -> None:
    """Raise StartRefused when other machines can reach the service without a given secret or without TLS."""
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
    settings = default_values() | values
    host, port = settings["host"], settings["port"]
    settings["data_dir"] = data_dir = settings["data_dir"].expanduser().absolute()
    settings.setdefault("database_url", f"sqlite:///{data_dir / 'doorward.db'}")
    settings.setdefault("public_url", f"http://{bracketed('127.0.0.1' if is_wildcard(host) else host)}:{port}")
    settings.setdefault("issuer", settings["public_url"])
    settings.setdefault("password_min_length", MIN_PASSWORD_CHARACTERS[settings["dialect"]])
    settings.setdefault("hash_threads", os.cpu_count() or 1)
    settings.setdefault("hash_queue", settings["hash_threads"] * HASH_QUEUE_PER_THREAD)
    settings["allowed_hosts"] = all_allowed_hosts(settings)
    found = Settings(**grouped(settings))
    if is_for_this_machine(found):
        return replace(found, limits=found.limits.off_unless(values))
    return found


def all_allowed_hosts(settings: Mapping[str, Any]) -> frozenset[str]:
    """Return the host names to answer to: those that follow from other settings, and those that were given."""
    host = settings["host"]
    known: frozenset[str] = frozenset({parse_host(urlsplit(settings["public_url"]).hostname or "")})
    if is_loopback(host) or is_wildcard(host):
        known |= LOOPBACK_NAMES
    if not is_wildcard(host):
        known |= {bracketed(host)}
    return known.union(settings.get("allowed_hosts", ()))
