"""What docs/adapters.md says of the example is true. The commands in it run in `test_postgres_adapter.py`."""

import ast
import re

from doorward.application.transactions import MAX_ATTEMPTS
from doorward.infrastructure.sql.contents import HEAD
from doorward.infrastructure.sql.pools import Limits
from support.readme import PROJECT, block, guide

EXAMPLE = PROJECT / "examples" / "postgres-adapter"
PACKAGE = EXAMPLE / "src" / "doorward_postgresql"
PAGE = guide("adapters.md")
TRANSIENT = {"__pycache__", ".pytest_cache"}


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table in a section, without its first two lines."""
    lines = [line for line in section(heading).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_list_of_files_is_complete() -> None:
    named = [name for row in rows("The files of the example") for name in re.findall(r"`([^`]+)`", row[0])]
    present = [path for path in EXAMPLE.rglob("*") if path.is_file() and TRANSIENT.isdisjoint(path.parts)]
    assert sorted(named) == sorted(str(path.relative_to(EXAMPLE)) for path in present)


def test_the_entry_points_are_those_of_the_example() -> None:
    assert block("toml", "doorward.storage", PAGE) in (EXAMPLE / "pyproject.toml").read_text("utf-8")


def test_the_command_for_the_exam_is_that_of_the_example() -> None:
    *_, exam = block("sh", "--pyargs", PAGE).strip().splitlines()
    assert exam in block("sh", "--pyargs", (EXAMPLE / "README.md").read_text("utf-8")).splitlines()


def test_the_example_has_the_migrations_of_this_version() -> None:
    assert max(path.name for path in (PACKAGE / "migrations").glob("*.sql")).startswith(f"{HEAD}_")


def test_the_table_of_errors_is_that_of_the_example() -> None:
    """Read from the source, since the driver is installed beside the example only."""
    becomes = {"23": "ConstraintViolated"}
    for node in ast.walk(ast.parse((PACKAGE / "errors.py").read_text("utf-8"))):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in {"BY_CODE", "BY_CLASS"}:
            mapping = next(each for each in ast.walk(node) if isinstance(each, ast.Dict))
            becomes |= {
                ast.literal_eval(key): ast.unparse(value)
                for key, value in zip(mapping.keys, mapping.values, strict=True)
                if key is not None
            }
    written: dict[str, str] = {}
    for _, refusal, codes in rows("Which error becomes which refusal"):
        for code in codes.split(", "):
            if re.fullmatch(r"[0-9A-Z]{2}|[0-9A-Z]{5}", code):
                written.setdefault(code, refusal)
    assert written.keys() == becomes.keys()
    assert [code for code, kind in becomes.items() if f"`{kind}`" not in written[code]] == []


def test_the_limits_are_those_of_the_code() -> None:
    limits, text = Limits(), " ".join(section("Time-outs").split())
    assert f"{limits.pool_wait_seconds:g} s for a free connection, {limits.lock_wait_seconds:g} s for a lock" in text
    assert f"{limits.wait_seconds:g} s for all answers in one block, and {limits.wait_seconds:g} s more" in text
    margin = re.search(r"^DEADLOCK_MARGIN_MS = (\d+)$", (PACKAGE / "engine.py").read_text("utf-8"), re.MULTILINE)
    assert margin is not None
    assert f"{int(margin[1]) / 1000:g} s longer than ours" in text
    assert MAX_ATTEMPTS == 4
    assert "at most three times" in section("Which error becomes which refusal")


def test_the_example_imports_nothing_private() -> None:
    for path in EXAMPLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                parts = [*(node.module or "").split("."), *(name.name for name in node.names)]
                assert not [part for part in parts if part.startswith("_")], path
