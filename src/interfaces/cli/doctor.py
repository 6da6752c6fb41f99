"""`doorward doctor`: check settings, files, database, clock, nodes and keys."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import click

from doorward.domain.errors import DomainError
from doorward.domain.keys.signing_key import SigningKey, signing_at
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.diagnosis import diagnose_files, diagnose_settings
from doorward.infrastructure.finding import Finding
from doorward.infrastructure.quantity import quantity
from doorward.infrastructure.rate_limits.diagnosis import diagnose_shared_limits
from doorward.infrastructure.settings.file_access import status_of
from doorward.infrastructure.settings.loading import ENV_FILE
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.cli.output import json_option, print_json, printable
from doorward.interfaces.cli.running import STANDARD_ERROR_DESCRIPTOR, current_settings

MAX_KEY_AGE = timedelta(days=365)
COLOURS = {"ok": "green", "advice": "yellow", "wrong": "red"}


@click.command()
@json_option
def doctor(as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Check settings, files, database, clock, nodes and keys. Each finding that needs a fix names it.

    Nothing is changed. The exit code is 1 when something is wrong, and 0 when there is only advice.
    """
    settings = current_settings()
    from doorward.infrastructure.log.configure import configure_logging  # noqa: PLC0415 heavy

    configure_logging(settings, STANDARD_ERROR_DESCRIPTOR)
    findings = [*diagnose_settings(settings), *diagnose_files(settings, ENV_FILE)]
    findings += asyncio.run(diagnose_running(settings))
    wrong = [finding for finding in findings if finding.state == "wrong"]
    if as_json:
        members = ("check", "state", "text", "fix")
        print_json({"findings": [{name: getattr(each, name) for name in members} for each in findings]})
    else:
        for finding in findings:
            print_finding(finding)
    sys.exit(1 if wrong else 0)


def print_finding(finding: Finding) -> None:
    """Print one finding for people, with the way to fix it."""
    state = click.style(f"{finding.state:<6}", fg=COLOURS[finding.state])
    click.echo(f"{state}  {finding.check}: {printable(finding.text)}")
    if finding.fix:
        click.echo(f"        fix: {printable(finding.fix)}")


async def diagnose_running(settings: Settings) -> list[Finding]:
    """Return findings about the server of shared limits, about the database, and about the nodes and the signing keys
    in it."""
    from doorward.infrastructure.adapters.storage_adapter import StorageAdapter  # noqa: PLC0415 heavy
    from doorward.infrastructure.container import make_container  # noqa: PLC0415 heavy

    url = settings.limits.redis_url
    findings = [] if url is None else [await diagnose_shared_limits(url)]
    container = make_container(settings)
    try:
        findings += await (await container.get(StorageAdapter)).diagnose(SystemClock().now)
    finally:
        await container.close()
    if any(finding.check == "database" and finding.state == "wrong" for finding in findings):
        return findings
    if settings.secret_key is None and status_of(settings.secret_key_path) is None:
        return findings  # reading the keys now would create a master secret
    from doorward.interfaces.cli.doctor_nodes import diagnose_nodes  # noqa: PLC0415 heavy

    findings += await diagnose_nodes(settings)
    return [*findings, *await diagnose_keys(settings, SystemClock().now)]


async def diagnose_keys(settings: Settings, now: Callable[[], datetime]) -> list[Finding]:
    """Return findings about the signing keys: whether they can be decrypted, how old the present one is."""
    from doorward.application.keys.list_signing_keys import ListSigningKeys  # noqa: PLC0415 heavy
    from doorward.application.ports.security import KeySealer  # noqa: PLC0415 heavy
    from doorward.infrastructure.container import make_container  # noqa: PLC0415 heavy
    from doorward.infrastructure.security.key_ring import StoredKeyRing  # noqa: PLC0415 heavy

    container = make_container(settings)
    try:
        keys = await (await container.get(ListSigningKeys))()
        await (await container.get(StoredKeyRing)).reload()
        sealer = await container.get(KeySealer)
        outdated = [key for key in keys if sealer.resealed(key) != key]
    except (StartRefused, DomainError) as error:
        fix = "set DOORWARD_SECRET_KEY to the secret under which the keys were encrypted"
        return [Finding(check="signing keys", state="wrong", text=str(error), fix=fix)]
    finally:
        await container.close()
    findings = [diagnose_age(keys, now())]
    if settings.secret_key_previous is not None:
        findings.append(diagnose_previous_secret(outdated))
    return findings


def diagnose_previous_secret(outdated: Sequence[SigningKey]) -> Finding:
    """Return the finding for two master secrets. Only the previous secret decrypts the `outdated` keys."""
    return Finding.judged(
        "previous master secret",
        f"it still encrypts {quantity(len(outdated), 'key')}"
        if outdated
        else "no key needs it any more; see docs/keys.md",
        good=not outdated,
        fix="start the service with both secrets",
        otherwise="advice",
    )


def diagnose_age(keys: Sequence[SigningKey], now: datetime) -> Finding:
    """Return the finding about the key that signs now."""
    key = signing_at(tuple(keys), now)
    if key is None:
        fix = "start the service once, or add a key with doorward keys add"
        return Finding(check="signing keys", state="advice", text="there is no signing key yet", fix=fix)
    age = now - key.signs_from
    return Finding.judged(
        "signing keys",
        f"{len(keys)}, decrypted; {key.kid} ({key.algorithm}) has signed for {quantity(max(age.days, 0), 'day')}",
        good=age < MAX_KEY_AGE,
        fix="create a new one with doorward keys rotate, and see DOORWARD_KEY_ROTATION_DAYS",
        otherwise="advice",
    )
