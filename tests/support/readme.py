"""Reads the README and the documents in docs/, for tests that run what they tell people to type."""

import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text("utf-8")


def block(language: str, holding: str, document: str = README) -> str:
    """Return the first fenced block of that language that contains the text `holding`."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    return next(text for text in blocks if holding in text)


def guide(name: str) -> str:
    """Return the text of docs/`name`."""
    return (PROJECT / "docs" / name).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Flow:
    """A row of the README's table of what people can do."""

    does: str
    status: str
    command: str


def flows() -> list[Flow]:
    """Return the rows of the table, in its order."""
    section = README.partition("\n## What people can do\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (\d{3}) \| `(curl .+)` \|$", section, re.MULTILINE)
    assert len(rows) == section.count("\n| ") - 1, "A row is not written as the others are."
    return [Flow(*row) for row in rows]


def hand_edit(username: str, role: str) -> str:
    """Return the SQL statement of docs/administration.md that grants a role."""
    statement = block("sql", "INSERT INTO user_roles", guide("administration.md")).strip()
    assert statement.count("'moderator'") == statement.count("'ada'") == 1
    return statement.replace("'moderator'", f"'{role}'").replace("'ada'", f"'{username}'").rstrip(";")
