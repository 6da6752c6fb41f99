"""`doorward keys`: the keys that sign access tokens."""

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

import click

from application.keys.add_signing_key import AddSigningKey
from application.keys.list_signing_keys import ListSigningKeys
from application.keys.remove_signing_key import RemoveSigningKey
from domain.keys.signing_key import SigningKey, signing_at
from interfaces.cli.output import json_option, print_json, print_table, stamp
from interfaces.cli.running import Parts, run

LONGEST_FILE = 65_536


@click.group()
def keys() -> None:
    """List the signing keys, bring one of your own, or take one back."""


@keys.command()
@click.argument("file", type=click.File("rb"))
@json_option
def add(file: BinaryIO, as_json: bool) -> None:  # noqa: FBT001 click's flag
    """Add the private key in the PEM file FILE (- for standard input).

    P-256, Ed25519, or RSA of 3,072 bits and more, without a passphrase. It is sealed under the master secret, signs
    new tokens after ten seconds, and what the key before it signed until then stays good until it expires. FILE may be
    deleted afterwards.
    """
    pem = file.read(LONGEST_FILE)

    async def work(parts: Parts) -> SigningKey:
        return await (await parts.get(AddSigningKey))(pem, parts.now)

    key = run(work)
    if as_json:
        print_json(as_object(key, signing=False))
    else:
        click.echo(f"Added {key.kid} ({key.algorithm}); it signs from {stamp(key.signs_from)} on.")


@keys.command(name="list")
@json_option
def list_keys(as_json: bool) -> None:  # noqa: FBT001 click's flag
    """List the signing keys, without anything secret."""

    async def work(parts: Parts) -> tuple[Sequence[SigningKey], datetime]:
        return await (await parts.get(ListSigningKeys))(), parts.now

    found, now = run(work)
    signing = signing_at(tuple(found), now)
    if as_json:
        print_json({"keys": [as_object(key, signing=key == signing) for key in found]})
        return
    rows = [
        (key.kid, key.algorithm, stamp(key.created_at), stamp(key.signs_from), "yes" if key == signing else "no")
        for key in found
    ]
    print_table(("KID", "ALGORITHM", "CREATED", "SIGNS FROM", "SIGNING"), rows)


@keys.command()
@click.argument("kid", metavar="KID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(kid: str, yes: bool) -> None:  # noqa: FBT001 click's flag
    """Remove a signing key for good, as when it leaked; every token that it signed ends within a second.

    Before a KID that begins with a dash, write two: doorward keys remove -- KID. The only key that can sign stays:
    bring another one first. On a terminal it asks first.
    """
    if not yes and sys.stdin.isatty():
        click.confirm(f"Remove {kid} and end every token that it signed?", abort=True, err=True)

    async def work(parts: Parts) -> None:
        await (await parts.get(RemoveSigningKey))(kid, parts.now)

    run(work)
    click.echo(f"Removed {kid}; the tokens that it signed end within a second.")


def as_object(key: SigningKey, *, signing: bool) -> dict[str, object]:
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "createdAt": stamp(key.created_at),
        "signsFrom": stamp(key.signs_from),
        "signing": signing,
    }
