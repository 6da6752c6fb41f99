"""docs/security.md and the tests name the same rows."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
ROW = re.compile(r"\b(?:SU|SI|MF|RS|VF|TK|RF|PW|AZ|AD|HT|CO|LG|ST|OP)-\d\d\b")


def test_every_promise_is_shown_by_a_test_and_every_row_that_a_test_names_is_promised() -> None:
    promised = set(
        re.findall(rf"^\| ({ROW.pattern}) \|", (PROJECT / "docs" / "security.md").read_text("utf-8"), re.MULTILINE)
    )
    named = {
        row
        for folder in (PROJECT / "tests", PROJECT / "src" / "testing")
        for path in folder.rglob("test_*.py")
        if path != Path(__file__)
        for row in ROW.findall(path.read_text("utf-8"))
    }
    assert promised == named
