"""Statements of the database are constants: read from the code of the adapter itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from doorward.infrastructure.sql import engine

PACKAGE = Path(engine.__file__).parent

OF_CONSTANTS = {
    "diagnosis.py: MYSQL",
    "engine.py: MYSQL_SESSION",
    "0001_accounts_roles_keys_changes.py: guard_hand_edits",
}
"""What is put together from constants of the same module, and where: nothing else may be."""

SQL = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|SET|PRAGMA|CREATE|ALTER|DROP|BEGIN|KILL|SHOW|CALL|GRANT|WITH|FROM|WHERE"
    r"|VALUES|JOIN|AND|OR|ORDER BY|LIMIT)\b"
)
"""How a statement begins, or a part of one."""

RUN = {"text", "exec_driver_sql", "literal_column", "execute"}

Place = tuple[ast.AST, tuple[ast.AST, ...]]


def test_no_statement_is_put_together_from_strings() -> None:
    """ST-03: values are bound; not even a constant part of a statement is pasted in at run time."""
    found = [(name, place) for name, place in places() if is_put_together(place[0])]
    assert {f"{name}: {owner(place)}" for name, place in found} <= OF_CONSTANTS


def test_only_constants_are_run_as_text() -> None:
    """ST-03: what is given to the database as text stands there, or has a name."""
    calls = [(name, place, place[0]) for name, place in places()]
    run = [(name, place, node) for name, place, node in calls if isinstance(node, ast.Call) and is_run(node)]
    assert len(run) > 5
    odd = {f"{n}: {owner(place)}" for n, place, node in run if not isinstance(node.args[0], ast.Constant | ast.Name)}
    assert odd <= OF_CONSTANTS


def test_every_way_to_put_a_statement_together_is_noticed() -> None:
    """ST-03: so that the tests above show something."""
    ways = ["f'DELETE FROM {t}'", "'DELETE FROM %s' % t", "'DELETE FROM ' + t", "'DELETE FROM {}'.format(t)"]
    ways += ["' '.join(['DELETE FROM', t])", "'DELETE FROM x'.replace('x', t)", "a + f' WHERE b = {t}'"]
    for way in ways:
        assert any(is_put_together(node) for node in ast.walk(ast.parse(f"q = {way}\ntext(q)"))), way
    assert not any(is_put_together(node) for node in ast.walk(ast.parse("text('DELETE FROM roles')")))


def places() -> Iterator[tuple[str, Place]]:
    for path in PACKAGE.rglob("*.py"):
        for place in within(ast.parse(path.read_text())):
            yield path.name, place


def within(tree: ast.AST, *parents: ast.AST) -> Iterator[Place]:
    yield tree, parents
    for child in ast.iter_child_nodes(tree):
        yield from within(child, *parents, tree)


def owner(place: Place) -> str:
    """The function or the constant of the module that this is part of."""
    match place[1]:
        case (ast.Module(), ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)), *_):
            return name
        case (ast.Module(), ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name), *_):
            return name
        case (ast.Module(), ast.ClassDef(name=name), *_):
            return name
    return f"line {getattr(place[0], 'lineno', 0)}"


def is_put_together(node: ast.AST) -> bool:
    """An f-string, `%`, `+`, `.format`, `.join` or `.replace` on text that is SQL."""
    match node:
        case ast.JoinedStr(values=parts):
            return holds_sql(*parts)
        case ast.BinOp(op=ast.Mod() | ast.Add(), left=left, right=right):
            return holds_sql(left, right)
        case ast.Call(func=ast.Attribute(value=subject, attr="format" | "format_map" | "join" | "replace")):
            return holds_sql(subject, *node.args)
        case _:
            return False


def holds_sql(*nodes: ast.AST) -> bool:
    texts = (each.value for node in nodes for each in ast.walk(node) if isinstance(each, ast.Constant))
    return any(isinstance(text, str) and SQL.match(text) for text in texts)


def is_run(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return bool(call.args) and name in RUN
