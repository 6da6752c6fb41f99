"""`doorward keys`: the keys that sign access tokens."""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

import click

from doorward.application.keys.add_signing_key import AddSigningKey
from doorward.application.keys.list_signing_keys import ListSigningKeys
from doorward.application.keys.revoke_signing_key import RevokeSigningKey
from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.domain.keys.rotation import PUBLISHED
from doorward.domain.keys.signing_key import KeyState, SigningKey, state_of
from doorward.interfaces.cli.output import json_option, print_json, print_table, stamp
from doorward.interfaces.cli.running import Parts, run

LONGEST_FILE = 65_536
A_DAY = int(PUBLISHED.total_seconds())

in_option = click.option(
    "--in",
    "seconds",
    metavar="SECONDS",
    type=click.IntRange(0, A_DAY),
    default=A_DAY,
    help="When it begins to sign: 0 to 86400 seconds from now, a day if not said. Other services learn of it when they "
    "read /.well-known/jwks.json again: within five minutes, if they heed its Cache-Control.",
)


@click.group()
def keys() -> None:
    """List the signing keys, make the next one or bring your own, or take one back."""


@keys.command()
@click.argument("file", type=click.File("rb"))
@in_option
@json_option
def add(file: BinaryIO, seconds: int, as_json: bool) -> None:  # noqa: FBT001 click's flag
    """Add the private key in the PEM file FILE (- for standard input).

    P-256, Ed25519, or RSA of 3,072 bits and more, without a passphrase. It is sealed under the master secret and
    published at once, and takes its turn like a key of the service's own. FILE may be deleted afterwards.
    """
    pem = file.read(LONGEST_FILE)

    async def work(parts: Parts) -> SigningKey:
        return await (await parts.get(AddSigningKey))(pem, parts.now, timedelta(seconds=seconds))

    tell_added(run(work), as_json=as_json)


@keys.command()
@in_option
@json_option
def rotate(seconds: int, as_json: bool) -> None:  # noqa: FBT001 click's flag
    """Make the next key: published at once, it begins to sign in a day.

    What the key before it signed until then stays good until it expires. The service does this by itself, every
    DOORWARD_KEY_ROTATION_DAYS.
    """

    async def work(parts: Parts) -> SigningKey:
        return await (await parts.get(RotateSigningKeys))(parts.now, timedelta(seconds=seconds))

    tell_added(run(work), as_json=as_json)


@keys.command(name="list")
@json_option
def list_keys(as_json: bool) -> None:  # noqa: FBT001 click's flag
    """List the signing keys and their states, without anything secret.

    next: published, signs later; active: signs; retiring: verifies what it signed, until that has expired; gone:
    nothing that it signed is good any more, and it will be forgotten.
    """

    async def work(parts: Parts) -> tuple[Sequence[SigningKey], datetime]:
        return await (await parts.get(ListSigningKeys))(), parts.now

    found, now = run(work)
    states = [(key, state_of(key, found, now)) for key in found]
    if as_json:
        print_json({"keys": [as_object(key, state) for key, state in states]})
        return
    rows = [(key.kid, key.algorithm, state, stamp(key.created_at), stamp(key.signs_from)) for key, state in states]
    print_table(("KID", "ALGORITHM", "STATE", "CREATED", "SIGNS FROM"), rows)


@keys.command()
@click.argument("kid", metavar="KID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke(kid: str, yes: bool) -> None:  # noqa: FBT001 click's flag
    """Revoke a signing key for good, as when it leaked; every token that it signed ends within a second.

    Sign-in goes on with another key, with a fresh one if need be. Other services take the tokens until they read
    /.well-known/jwks.json again. Before a KID that begins with a dash, write two: doorward keys revoke -- KID. On a
    terminal it asks first.
    """
    if not yes and sys.stdin.isatty():
        click.confirm(f"Revoke {kid} and end every token that it signed?", abort=True, err=True)

    async def work(parts: Parts) -> SigningKey | None:
        return await (await parts.get(RevokeSigningKey))(kid, parts.now)

    signing = run(work)
    click.echo(f"Revoked {kid}; the tokens that it signed end within a second.")
    if signing is None:
        click.echo("No key opens here now; a service that starts and finds none at all makes one.")
    else:
        click.echo(f"{signing.kid} ({signing.algorithm}) signs.")


def tell_added(key: SigningKey, *, as_json: bool) -> None:
    state = KeyState.NEXT if key.signs_from > key.created_at else KeyState.ACTIVE
    if as_json:
        print_json(as_object(key, state))
    else:
        click.echo(f"Added {key.kid} ({key.algorithm}); it signs from {stamp(key.signs_from)} on.")


def as_object(key: SigningKey, state: KeyState) -> dict[str, object]:
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": state,
        "createdAt": stamp(key.created_at),
        "signsFrom": stamp(key.signs_from),
    }
