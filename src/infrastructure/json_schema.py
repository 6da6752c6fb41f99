"""The operator's JSON Schema of profiles.

jsonschema-rs is imported with the first schema, because a service without one need not spend the time and memory.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, final

from doorward.domain.accounts.profile import Profile
from doorward.domain.errors import InvalidProfile
from doorward.encoding.strict_json import InvalidJson, parse_object
from doorward.infrastructure.settings.start_refused import StartRefused

if TYPE_CHECKING:
    from jsonschema_rs import Validator

MAX_SCHEMA_BYTES: Final = 65_536
MAX_SCHEMA_VALUES: Final = 4_096
MAX_PATTERN_BYTES: Final = 1_048_576
"""The limit of a compiled `pattern`. Such as `(a{1,200}){1,200}` would take much memory."""

MAX_MESSAGE_CHARACTERS: Final = 200


@final
class JsonSchema:
    """Implements ProfileSchema with a JSON Schema.

    Its patterns are matched in linear time, so they have neither look-around nor back-references. Nothing is fetched:
    references lead into the schema itself, or to the published schemas of JSON Schema.
    """

    def __init__(self, validator: "Validator") -> None:
        self._validator = validator

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the schema in that file. Raise StartRefused when it cannot be used."""
        try:
            return cls(compiled(parse_object(read(path), name="file", max_values=MAX_SCHEMA_VALUES)))
        except OSError as error:
            raise StartRefused(f"DOORWARD_PROFILE_SCHEMA: {path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            reason = text_of(error).split("\n", 1)[0]
            raise StartRefused(f"DOORWARD_PROFILE_SCHEMA: {path} is not a JSON Schema: {reason}") from error

    def check(self, profile: Profile) -> None:
        error = next(iter(self._validator.iter_errors(profile.members)), None)
        if error is not None:
            raise InvalidProfile(text_of(error))


def read(path: Path) -> bytes:
    """Return the content of the file. Raise OSError or InvalidJson."""
    with path.open("rb") as file:
        content = file.read(MAX_SCHEMA_BYTES + 1)
    if len(content) > MAX_SCHEMA_BYTES:
        raise InvalidJson(f"it has more than {MAX_SCHEMA_BYTES:,} bytes")
    return content


def compiled(schema: dict[str, Any]) -> "Validator":
    """Return the validator. Raise ValueError."""
    from jsonschema_rs import RegexOptions, validator_for  # noqa: PLC0415 see above

    return validator_for(
        schema,
        mask="the value",
        offline=True,
        pattern_options=RegexOptions(size_limit=MAX_PATTERN_BYTES, dfa_size_limit=MAX_PATTERN_BYTES),
    )


def text_of(error: ValueError) -> str:
    """Return the message of an error, after the pointer of the member at fault."""
    message = getattr(error, "message", str(error))[:MAX_MESSAGE_CHARACTERS].rstrip(".")
    pointer = pointer_of(error) if hasattr(error, "instance_path") else ""
    return f"At {pointer!r}: {message}." if pointer else f"{message}."


def pointer_of(error: Any) -> str:
    """Return the JSON pointer (RFC 6901) of the member at fault, which may be missing."""
    path = [*error.instance_path]
    match error.kind.as_dict():
        case {"property": str(name)} | {"unexpected": [str(name), *_]}:
            path.append(name)
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
