"""Every use case that changes something leaves an entry in the audit log. `tests/unit/conftest.py` watches all unit
tests; the tests here read the code, and show that the watch can fail."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from doorward import application
from doorward.application.sessions.end_all_sessions import EndAllSessions
from doorward.domain.access.actor import OPERATOR
from doorward.infrastructure.memory.audit import MemoryAudit
from support.audited_changes import UNAUDITED
from support.house import House

FOLDER = Path(str(application.__file__)).parent


@dataclass(frozen=True, slots=True)
class Writer:
    """A function that opens a transaction."""

    name: str
    code: str

    @property
    def appends(self) -> bool:
        return "tx.audit.append(" in self.code


def writers() -> Iterator[Writer]:
    for path in sorted(FOLDER.rglob("*.py")):
        source = path.read_text()
        module = ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.AsyncFunctionDef) and opens_transaction(node):
                yield Writer(f"{module}.{node.name}", ast.get_source_segment(source, node) or "")


def opens_transaction(function: ast.AsyncFunctionDef) -> bool:
    inner = {id(each) for node in ast.walk(function) if is_nested(node, function) for each in ast.walk(node)}
    blocks = (node for node in ast.walk(function) if isinstance(node, ast.AsyncWith) and id(node) not in inner)
    return any(".transaction()" in ast.unparse(item.context_expr) for block in blocks for item in block.items)


def is_nested(node: ast.AST, function: ast.AsyncFunctionDef) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node is not function


def test_every_function_that_opens_a_transaction_appends_an_entry_or_says_why_not() -> None:
    """AD-03: a new use case cannot forget it."""
    found = list(writers())
    assert len(found) > 20
    forgetful = {each.name for each in found if not each.appends and each.name not in UNAUDITED}
    assert not forgetful, f"append an entry in {forgetful}, or name the reason in UNAUDITED"
    both = {each.name for each in found if each.appends and each.name in UNAUDITED}
    assert not both


def test_what_needs_no_entry_is_still_there() -> None:
    known = {each.name for each in writers()} | {
        "sessions.prune_sessions.__call__",
        "accounts.prune_deleted_users.__call__",
    }
    assert sorted(UNAUDITED.keys() - known) == []


async def test_the_watch_notices_a_change_without_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """AD-03: so that the unit tests show something."""
    house = House()
    ada = await house.with_user()

    async def forget(*_: object) -> None: ...

    monkeypatch.setattr(MemoryAudit, "append", forget)
    with pytest.raises(AssertionError, match="changed users and left no entry"):
        await EndAllSessions(house.storage, house.log)(ada.id, OPERATOR)
