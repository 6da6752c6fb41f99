"""The prefix of Doorward's tables, for a database that other programs use, too."""

import re

MAX_TABLE_PREFIX_CHARACTERS = 24
"""So that each name with the prefix fits the 64 characters of MySQL. A test compares it with the longest name."""

PREFIX = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{MAX_TABLE_PREFIX_CHARACTERS - 1}}}")
RESERVED = "sqlite_"


def parse_table_prefix(raw: str) -> str:
    """Return the prefix. Raise ValueError for any other text."""
    if PREFIX.fullmatch(raw) is None:
        raise ValueError(
            f"write 1 to {MAX_TABLE_PREFIX_CHARACTERS} letters, digits and underscores, and begin with a letter, such "
            "as doorward_"
        )
    if raw.lower().startswith(RESERVED):
        raise ValueError(f"SQLite keeps names that begin with {RESERVED} for itself; use another prefix")
    return raw
