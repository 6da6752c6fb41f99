"""SQL statements are constants. These tests read the code of the adapter."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from doorward.infrastructure.sql import engine

PACKAGE = Path(engine.__file__).parent

COMPOSED = {
    "diagnosis.py: MYSQL",
    "diagnosis.py: diagnose_settings",
    "session_variables.py: set_statement",
    "user_pages.py: _mysql_equals",
    "sqlite.py: SqliteConnections",
    "sqlite.py: SqliteSession",
    "0001_accounts_roles_keys_changes.py: guard_hand_edits",
    "connector.py: introduced",
    "standing.py: COMMIT_ON_PRIMARY",
    "standing.py: MEMBERSHIP",
    "standing.py: ROW_OF_PRIMARY",
    "standing.py: SELF_DESCRIPTION",
    "standing.py: STILL_PRIMARY",
}
"""Where statements are composed from constants of the module and numbers of seconds. Nothing else may be composed."""

SQL = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|SET|PRAGMA|CREATE|ALTER|DROP|BEGIN|KILL|SHOW|CALL|GRANT|WITH|FROM|WHERE"
    r"|VALUES|JOIN|AND|OR|ORDER BY|LIMIT)\b"
)
"""The beginning of a statement, or of a part of one."""

SQLALCHEMY = {"connection", "self.connection"}
"""What SQLAlchemy's connections are called. Their `execute` takes no text."""

RUN = {"text", "exec_driver_sql", "literal_column", "execute"}

Place = tuple[ast.AST, tuple[ast.AST, ...]]


def test_no_statement_is_composed_of_strings() -> None:
    """ST-03: values are bound, and even constant parts of statements are not inserted at run time."""
    found = [(name, place) for name, place in places() if is_composed(place[0])]
    assert {f"{name}: {owner(place)}" for name, place in found} <= COMPOSED


def test_only_constants_are_run_as_text() -> None:
    """ST-03: what is given to the database as text is a literal or a named constant."""
    calls = [(name, place, place[0]) for name, place in places()]
    run = [(name, place, node) for name, place, node in calls if isinstance(node, ast.Call) and is_run(node)]
    assert len(run) > 5
    odd = {f"{n}: {owner(place)}" for n, place, node in run if not isinstance(node.args[0], ast.Constant | ast.Name)}
    assert odd <= COMPOSED


def test_every_way_to_compose_a_statement_is_detected() -> None:
    """ST-03. It shows that the tests above can fail."""
    ways = ["f'DELETE FROM {t}'", "'DELETE FROM %s' % t", "'DELETE FROM ' + t", "'DELETE FROM {}'.format(t)"]
    ways += ["' '.join(['DELETE FROM', t])", "'DELETE FROM x'.replace('x', t)", "a + f' WHERE b = {t}'"]
    for way in ways:
        assert any(is_composed(node) for node in ast.walk(ast.parse(f"q = {way}\ntext(q)"))), way
    assert not any(is_composed(node) for node in ast.walk(ast.parse("text('DELETE FROM roles')")))


def places() -> Iterator[tuple[str, Place]]:
    for path in PACKAGE.rglob("*.py"):
        for place in within(ast.parse(path.read_text())):
            yield path.name, place


def within(tree: ast.AST, *parents: ast.AST) -> Iterator[Place]:
    yield tree, parents
    for child in ast.iter_child_nodes(tree):
        yield from within(child, *parents, tree)


def owner(place: Place) -> str:
    """The function or constant of the module that contains the place."""
    match place[1]:
        case (ast.Module(), ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)), *_):
            return name
        case (ast.Module(), ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name), *_):
            return name
        case (ast.Module(), ast.ClassDef(name=name), *_):
            return name
    return f"line {getattr(place[0], 'lineno', 0)}"


def is_composed(node: ast.AST) -> bool:
    """True for an f-string, `%`, `+`, `.format`, `.join` or `.replace` on SQL text."""
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
    if name == "execute" and isinstance(function, ast.Attribute) and ast.unparse(function.value) in SQLALCHEMY:
        return False
    return bool(call.args) and name in RUN
