"""`doorward keys`: the keys that sign access tokens."""

import os
import stat
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import click

from doorward.application.keys.add_signing_key import AddSigningKey
from doorward.application.keys.list_signing_keys import ListSigningKeys
from doorward.application.keys.revoke_signing_key import RevokeSigningKey
from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.domain.errors import InvalidKey
from doorward.domain.keys.rotation import PUBLICATION_PERIOD, KeyRotation
from doorward.domain.keys.signing_key import KeyState, SigningKey, state_of
from doorward.infrastructure.settings.file_access import exposure
from doorward.interfaces.cli.output import json_option, print_json, print_table, rfc3339
from doorward.interfaces.cli.running import CommandContext, run

MAX_FILE_BYTES = 65_536
PUBLICATION_SECONDS = int(PUBLICATION_PERIOD.total_seconds())
"""A day: the default time for which a key is published before it signs, and the longest."""

in_option = click.option(
    "--in",
    "seconds",
    metavar="SECONDS",
    type=click.IntRange(0, PUBLICATION_SECONDS),
    default=PUBLICATION_SECONDS,
    help="When the key begins to sign: 0 to 86400 seconds from now, by default a day. Other services know the key when "
    "they have read /.well-known/jwks.json again: within five minutes if they follow its Cache-Control.",
)


@click.group()
def keys() -> None:
    """List, create, add and revoke signing keys."""


@keys.command()
@click.argument("file", type=click.File("rb"))
@in_option
@json_option
def add(file: BinaryIO, seconds: int, as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Add the private key in the PEM file FILE (- for standard input).

    P-256, Ed25519, or RSA of 3,072 bits and more, without a passphrase. It is encrypted under the master secret
    and published at once, and is rotated like keys that the service creates. No other user may read FILE,
    because whoever has read the key can make tokens. FILE may be deleted afterwards.
    """
    status = os.fstat(file.fileno())
    path = Path("/dev/stdin").resolve() if file is sys.stdin.buffer else Path(file.name)
    if stat.S_ISREG(status.st_mode) and (reason := exposure(path, status)):
        raise InvalidKey(f"The key may be known to others: {reason}, or make another key.")
    pem = file.read(MAX_FILE_BYTES)

    async def work(context: CommandContext) -> SigningKey:
        return await (await context.get(AddSigningKey))(pem, context.now, timedelta(seconds=seconds))

    print_added(run(work), as_json=as_json)


@keys.command()
@in_option
@json_option
def rotate(seconds: int, as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Create the next key. It is published at once and begins to sign in a day.

    Tokens that the previous key signed stay valid until they expire. The service rotates keys by itself every
    DOORWARD_KEY_ROTATION_DAYS days.
    """

    async def work(context: CommandContext) -> SigningKey:
        return await (await context.get(RotateSigningKeys))(context.now, timedelta(seconds=seconds))

    print_added(run(work), as_json=as_json)


@keys.command(name="list")
@json_option
def list_keys(as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """List the signing keys and their states, without anything secret.

    next: published, signs later; active: signs; retiring: verifies the tokens that it signed until they have expired;
    gone: all tokens that it signed have expired, and the key will be deleted.
    """

    async def work(context: CommandContext) -> Sequence[tuple[SigningKey, KeyState]]:
        found = await (await context.get(ListSigningKeys))()
        lifetime = (await context.get(KeyRotation)).token_lifetime
        return [(key, state_of(key, found, context.now, lifetime)) for key in found]

    states = run(work)
    if as_json:
        print_json({"keys": [as_object(key, state) for key, state in states]})
        return
    rows = [(key.kid, key.algorithm, state, rfc3339(key.created_at), rfc3339(key.signs_from)) for key, state in states]
    print_table(("KID", "ALGORITHM", "STATE", "CREATED", "SIGNS FROM"), rows)


@keys.command()
@click.argument("kid", metavar="KID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke(kid: str, yes: bool) -> None:  # noqa: FBT001 click passes flags so
    """Revoke a signing key, for example because it leaked. Every token that it signed ends within a second.

    Sign-in continues with another key; a new one is created if there is no other. Other services accept the tokens
    until they read /.well-known/jwks.json again. If KID begins with a dash, write: doorward keys revoke -- KID. On
    a terminal it asks first.
    """
    if not yes and sys.stdin.isatty():
        click.confirm(f"Revoke {kid} and end every token that it signed?", abort=True, err=True)

    async def work(context: CommandContext) -> SigningKey | None:
        return await (await context.get(RevokeSigningKey))(kid, context.now)

    signing = run(work)
    click.echo(f"Revoked {kid}; the tokens that it signed end within a second.")
    if signing is None:
        click.echo("No other key can be decrypted here; if there is none at all, the next start creates one.")
    else:
        click.echo(f"{signing.kid} ({signing.algorithm}) signs.")


def print_added(key: SigningKey, *, as_json: bool) -> None:
    """Print a key that was added just now."""
    state = KeyState.NEXT if key.signs_from > key.created_at else KeyState.ACTIVE
    if as_json:
        print_json(as_object(key, state))
    else:
        click.echo(f"Added {key.kid} ({key.algorithm}); it signs from {rfc3339(key.signs_from)} on.")


def as_object(key: SigningKey, state: KeyState) -> dict[str, object]:
    """Return a key without its private part, for JSON."""
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": state,
        "createdAt": rfc3339(key.created_at),
        "signsFrom": rfc3339(key.signs_from),
    }
