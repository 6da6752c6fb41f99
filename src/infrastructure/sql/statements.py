"""What SQLAlchemy makes of a statement for a dialect, once: its text, and what turns values into the driver's and back.

To run a statement through SQLAlchemy costs several times what the driver takes for it; to have it compiled, and the
types' own conversions, costs nothing more than once.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

from sqlalchemy import Dialect, Executable, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
SqlRow = Any
"""A named tuple of a statement's columns."""

Convert = Callable[[Any], Any]

REMEMBERED = 512
PLACE_OF_MANY = "__[POSTCOMPILE_{}]"
"""As SQLAlchemy writes a parameter that stands for as many as there will be."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    convert: Convert | None
    many: bool = False
    """It stands for as many as there will be."""

    def values(self, given: Values) -> list[Any]:
        """Of the statement's own placeholders."""
        value = given[self.name]
        each = value if self.many else (value,)
        return list(each) if self.convert is None else [self.convert(one) for one in each]


@final
class Prepared:
    """`text` is the driver's, with a placeholder for each of the values that `parameters` gives."""

    __slots__ = ("_constants", "_converts", "_many", "_named", "_parameters", "text")

    def __init__(
        self,
        text: str,
        parameters: Sequence[Parameter],
        constants: Values,
        converts: Sequence[Convert | None],
        named: Callable[[Any], SqlRow] | None,
    ) -> None:
        """`constants` are values that the statement brings along; `named` makes a row of a list."""
        self.text = text
        self._many = tuple(parameters) if any(parameter.many for parameter in parameters) else ()
        self._parameters = tuple((parameter.name, parameter.convert) for parameter in parameters)
        self._constants = constants
        self._converts = tuple((index, convert) for index, convert in enumerate(converts) if convert is not None)
        self._named = named

    def parameters(self, values: Values) -> tuple[Any, ...]:
        if self._constants:
            values = {**self._constants, **values}
        if self._many:
            return tuple(value for parameter in self._many for value in parameter.values(values))
        return tuple([values[name] if convert is None else convert(values[name]) for name, convert in self._parameters])

    def rows(self, found: Sequence[Sequence[Any]]) -> Sequence[SqlRow]:
        """As the driver brings them, with names and of our own types."""
        named = self._named
        if named is None:
            return found
        return [self._row(named, row) for row in found] if self._converts else list(map(named, found))

    def _row(self, named: Callable[[Any], SqlRow], found: Sequence[Any]) -> SqlRow:
        row = list(found)
        for index, convert in self._converts:
            row[index] = convert(row[index])
        return named(row)


def prepared(statement: Executable, dialect: Dialect, values: Values) -> Prepared:
    """For values of these names, and for as many of those that stand for many."""
    sizes = tuple((name, len(value)) for name, value in values.items() if type(value) is list)
    return _prepared(statement, dialect, tuple(values), sizes)


@lru_cache(REMEMBERED)
def _prepared(
    statement: Executable, dialect: Dialect, names: tuple[str, ...], sizes: tuple[tuple[str, int], ...]
) -> Prepared:
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
    text, mark = compiled.string, "?" if dialect.paramstyle == "qmark" else "%s"
    for name, size in sizes:
        text = text.replace(PLACE_OF_MANY.format(name), ", ".join([mark] * size) or "NULL")
    columns = list(statement.selected_columns) if isinstance(statement, Select) else []
    named: Any = namedtuple("Row", [str(column.key) for column in columns], rename=True)  # type: ignore[misc]  # noqa: PYI024
    binds = [(name, compiled.binds[name]) for name in compiled.positiontup or ()]
    return Prepared(
        text,
        [Parameter(name, converting(bind.type, dialect), bind.expanding) for name, bind in binds],
        {name: bind.value for name, bind in binds if not bind.required},
        [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns],
        named._make if columns else None,
    )


def converting(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)
