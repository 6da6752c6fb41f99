"""The map of an adoption: JSON Lines that give single accounts other names or addresses."""

from typing import BinaryIO, Final

import click
import msgspec
from msgspec import UNSET, UnsetType

from doorward.application.adoption.wishes import Wish, Wishes
from doorward.encoding.strict_json import InvalidJson, parse_object
from doorward.interfaces.validation_messages import split_path

EXAMPLE: Final = '{"id": "17", "username": "ada-2"}'


class Line(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One line of the map."""

    id: str
    username: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    leave: bool = False


DECODER: Final = msgspec.json.Decoder(Line)


def read_wishes(file: BinaryIO) -> Wishes:
    """Return the wishes of a map. Raise click.ClickException, which names the line that is wrong."""
    wishes: dict[str, Wish] = {}
    for number, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            parse_object(text, name="line")
            line = DECODER.decode(text)
        except InvalidJson as error:
            raise click.ClickException(f"line {number} of the map: {error} Write it like {EXAMPLE}.") from error
        except msgspec.ValidationError as error:
            said, path = split_path(str(error))
            where = f"{path}: " if path else ""
            raise click.ClickException(f"line {number} of the map: {where}{said}. Write it like {EXAMPLE}.") from error
        if line.id in wishes:
            raise click.ClickException(f"line {number} of the map: the id {line.id} was in a line before.")
        wishes[line.id] = Wish(
            username=line.username or None,
            email=line.email or None,
            no_email=line.email is None,
            leave=line.leave,
        )
    return wishes
