"""The `.env` file: lines of NAME=VALUE, as `docker compose` and most shells read them, without substitution."""

import re
from pathlib import Path

from doorward.infrastructure.settings.start_refused import StartRefused

LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<rest>.*)")
QUOTED = re.compile(r"""(?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)")\s*(?:\#.*)?""")
COMMENT = re.compile(r"(?:^|\s)#")
ESCAPED = re.compile(r"\\(.)")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_env_file(path: Path) -> dict[str, str]:
    """What the file says; nothing when there is none. Raise StartRefused for a line that cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise StartRefused(f"{path} cannot be read as UTF-8 text; check the file and who may read it.") from error
    return parse_env(text, str(path))


def parse_env(text: str, source: str) -> dict[str, str]:
    """`source` names the file in refusals, which never repeat a line: it may hold a secret."""
    values: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = LINE.fullmatch(stripped)
        value = parse_value(found["rest"]) if found else None
        if found is None or value is None:
            raise StartRefused(f"{source}, line {number}: write NAME=VALUE, or NAME='VALUE' around blanks and quotes.")
        if found["name"] in values:
            raise StartRefused(f"{source}, line {number}: {found['name']} is set twice; keep one of the lines.")
        values[found["name"]] = value
    return values


def parse_value(rest: str) -> str | None:
    """What stands behind the equals sign; None when its quotes are left open or it holds what no setting can."""
    if not rest.replace("\t", "").isprintable():
        return None
    if rest[:1] not in {"'", '"'}:
        return COMMENT.split(rest, maxsplit=1)[0].strip()
    found = QUOTED.fullmatch(rest)
    if found is None:
        return None
    if found["single"] is not None:
        return found["single"]
    return ESCAPED.sub(lambda escape: ESCAPES.get(escape[1], escape[1]), found["double"])
