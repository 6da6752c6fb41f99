"""The README, read for what it tells people to type."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text("utf-8")


def block(language: str, holding: str, document: str = README) -> str:
    """The fenced block of that language that holds the words."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    return next(text for text in blocks if holding in text)


def hand_edit(username: str, role: str) -> str:
    """The statement that grants a role by hand."""
    statement = block("sql", "INSERT INTO user_roles").strip()
    assert statement.count("'moderator'") == statement.count("'ada'") == 1
    return statement.replace("'moderator'", f"'{role}'").replace("'ada'", f"'{username}'").rstrip(";")
