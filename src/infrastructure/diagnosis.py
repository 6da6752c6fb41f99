"""Findings of `doorward doctor` about settings and files, without a database."""

import os
from collections.abc import Iterator
from pathlib import Path

from doorward.infrastructure.finding import Finding
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.quantity import quantity
from doorward.infrastructure.rate_limits.redis_url import masked_redis_url
from doorward.infrastructure.settings.data_dir import letters_folder, needs_data_dir
from doorward.infrastructure.settings.file_access import (
    directory_advice,
    file_advice,
    mode_text,
    others_may_access,
    others_may_write,
    status_of,
)
from doorward.infrastructure.settings.reachability import is_for_this_machine
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.web_addresses import LOOPBACK_NAMES, bracketed

NIST_MIN_PASSWORD_CHARACTERS = 15


def diagnose_settings(settings: Settings) -> Iterator[Finding]:
    exposed = not is_for_this_machine(settings)
    yield Finding.judged(
        "public URL",
        f"clients use {settings.public_url}",
        good=not exposed or settings.public_url.startswith("https://"),
        fix="set DOORWARD_PUBLIC_URL to the https:// address that clients use",
        otherwise="advice",
    )
    names = settings.allowed_hosts - LOOPBACK_NAMES - {bracketed(settings.host)}
    yield Finding.judged(
        "host names",
        f"answers to {', '.join(sorted(settings.allowed_hosts))}",
        good=bool(names) or not exposed,
        fix="set DOORWARD_PUBLIC_URL, or DOORWARD_ALLOWED_HOSTS: clients and proxies that use another name get 421",
    )
    if settings.public_path:
        yield Finding.judged(
            "proxy path",
            f"DOORWARD_PROXY_PATH={settings.proxy_path}",
            good=settings.proxy_path != "either",
            fix="set DOORWARD_PROXY_PATH to kept or stripped, so that each route has one address",
            otherwise="advice",
        )
    yield from diagnose_callers(settings, exposed=exposed)
    yield diagnose_limits(settings, exposed=exposed)
    yield diagnose_letters(settings, exposed=exposed)
    yield from diagnose_strength(settings, exposed=exposed)


def diagnose_callers(settings: Settings, *, exposed: bool) -> Iterator[Finding]:
    yield Finding.judged(
        "proxies",
        quantity(len(settings.trusted_proxies), "trusted network"),
        good=bool(settings.trusted_proxies) or not settings.behind_tls_proxy,
        fix="set DOORWARD_TRUSTED_PROXIES to the proxy's address, or all clients are logged and limited as one",
        otherwise="advice",
    )
    plain = [origin for origin in settings.cors_origins if origin.startswith("http://")]
    yield Finding.judged(
        "CORS",
        f"{quantity(len(settings.cors_origins), 'origin')} of your own may call the API",
        good=not (exposed and plain),
        fix=f"write https:// in DOORWARD_CORS_ORIGINS for {', '.join(sorted(plain))}",
        otherwise="advice",
    )


def diagnose_limits(settings: Settings, *, exposed: bool) -> Finding:
    """Return a finding about the limits of requests, and about who shares their counts."""
    if settings.limits.are_off:
        return Finding.judged(
            "limits",
            "no requests are limited",
            good=not exposed,
            fix="remove DOORWARD_LIMIT_...=off, unless a proxy limits requests to sign in, to sign up and for letters",
            otherwise="advice",
        )
    shared = settings.limits.redis_url is not None
    return Finding.judged(
        "limits",
        f"counts are shared in {masked_redis_url(settings.limits.redis_url or '')}" if shared else "each worker counts",
        good=shared or settings.workers == 1,
        fix="set DOORWARD_REDIS_URL, or a client gets the limits once from each worker",
        otherwise="advice",
    )


def diagnose_letters(settings: Settings, *, exposed: bool) -> Finding:
    """Return a finding about where letters go, and about TLS on the way."""
    if settings.mail is None:
        return Finding.judged(
            "letters",
            f"there is no mail server, so that letters become files in {letters_folder(settings)}",
            good=not exposed,
            fix="set DOORWARD_SMTP_URL and DOORWARD_MAIL_FROM, or nobody gets a letter",
            otherwise="advice",
        )
    return settings.mail.diagnose(Sender.parse(settings.mail_from))


def diagnose_strength(settings: Settings, *, exposed: bool) -> Iterator[Finding]:
    yield Finding.judged(
        "dialect",
        settings.dialect,
        good=settings.dialect == "standard" or not exposed,
        fix="set DOORWARD_DIALECT=standard: the answers of the tutorial tell strangers which accounts exist",
        otherwise="advice",
    )
    yield Finding.judged(
        "passwords",
        f"at least {settings.password_min_length} characters",
        good=settings.password_min_length >= NIST_MIN_PASSWORD_CHARACTERS,
        fix="set DOORWARD_PASSWORD_MIN_LENGTH to 15 or more while passwords are the only factor (NIST SP 800-63B-4)",
        otherwise="advice",
    )
    yield settings.hashing.diagnose()
    cores = os.cpu_count() or 1
    yield Finding.judged(
        "processes",
        f"{quantity(settings.workers, 'worker')} with {quantity(settings.hash_threads, 'hashing thread')} each, "
        f"{quantity(cores, 'core')}",
        good=settings.workers <= cores and settings.hash_threads <= cores,
        fix="set DOORWARD_WORKERS and DOORWARD_HASH_THREADS to at most the number of cores",
        otherwise="advice",
    )


def diagnose_files(settings: Settings, env_file: Path) -> Iterator[Finding]:
    """Findings about file modes: others may not access files with secrets or accounts."""
    folder = status_of(settings.data_dir)
    if not needs_data_dir(settings):
        stored = "nothing is" if settings.smtp_url else "nothing but letters is"
        yield Finding(check="data folder", state="ok", text=f"{stored} stored in one")
    elif folder is None:
        yield Finding(
            check="data folder",
            state="advice",
            text=f"{settings.data_dir} is missing",
            fix="doorward serve creates it at the first start; if it exists elsewhere, set DOORWARD_DATA_DIR",
        )
    else:
        yield Finding.judged(
            "data folder",
            f"{settings.data_dir} has mode {mode_text(folder)}",
            good=not others_may_write(folder),
            fix=directory_advice(settings.data_dir, folder),
        )
    if settings.secret_key is None and status_of(settings.secret_key_path) is not None:
        yield from private("master secret", settings.secret_key_path)
    elif settings.secret_key is None:
        yield Finding(
            check="master secret",
            state="advice",
            text=f"{settings.secret_key_path} is missing",
            fix="doorward serve creates it at the first start; restore it if there are signing keys already",
        )
    else:
        yield Finding(check="master secret", state="ok", text="given by DOORWARD_SECRET_KEY or its file")
    for path in settings.database.files:
        yield from private("database file", path)
    if holds_secrets(env_file):
        yield from private("settings file", env_file)


def holds_secrets(env_file: Path) -> bool:
    """Return whether the file may hold a secret. A file that cannot be read was refused before."""
    try:
        text = env_file.read_text("utf-8")
    except OSError:
        return False
    return any(word in text for word in ("SECRET", "DATABASE", "SMTP", "REDIS"))


def private(check: str, path: Path) -> Iterator[Finding]:
    """Findings about a file that others may not access; none if it does not exist."""
    status = status_of(path)
    if status is not None:
        text, good = f"{path} has mode {mode_text(status)}", not others_may_access(status)
        yield Finding.judged(check, text, good=good, fix=file_advice(path))
