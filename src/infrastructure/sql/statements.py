"""What SQLAlchemy makes of a statement for a dialect, once: its text, and what turns values into the driver's and back.

To run a statement through SQLAlchemy costs several times what the driver takes for it; to have it compiled, and the
types' own conversions, costs nothing more than once.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Dialect, Executable, Select
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
SqlRow = Any
"""A named tuple of a statement's columns."""

Convert = Callable[[Any], Any]

NO_DEFAULT: Final = object()
REMEMBERED = 512
PLACE_OF_MANY = "__[POSTCOMPILE_{}]"
"""As SQLAlchemy writes a parameter that stands for as many as there will be."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    convert: Convert | None
    many: bool
    default: Any

    def values(self, given: Values) -> list[Any]:
        """Of the statement's own placeholders: one, unless it stands for many."""
        value = given[self.name] if self.default is NO_DEFAULT else given.get(self.name, self.default)
        if not self.many:
            return [value if self.convert is None else self.convert(value)]
        return list(value) if self.convert is None else [self.convert(each) for each in value]


@dataclass(frozen=True, slots=True)
class Prepared:
    """`text` is the driver's, with a placeholder for each of the values that `parameters` gives."""

    text: str
    _parameters: tuple[Parameter, ...]
    _convert: tuple[Convert | None, ...]
    _named: Callable[[Any], SqlRow] | None

    def parameters(self, values: Values) -> tuple[Any, ...]:
        return tuple(each for parameter in self._parameters for each in parameter.values(values))

    def rows(self, found: Sequence[Sequence[Any]]) -> Sequence[SqlRow]:
        """As the driver brings them, with names and of our own types."""
        if self._named is None:
            return found
        converts, named = self._convert, self._named
        return [
            named(value if convert is None else convert(value) for convert, value in zip(converts, row, strict=True))
            for row in found
        ]


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
    return Prepared(
        text,
        tuple(parameter(compiled, name) for name in compiled.positiontup or ()),
        tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns),
        named._make if columns else None,
    )


def parameter(compiled: SQLCompiler, name: str) -> Parameter:
    bind = compiled.binds[name]
    convert = bind.type.dialect_impl(compiled.dialect).bind_processor(compiled.dialect)
    return Parameter(name, convert, bind.expanding, NO_DEFAULT if bind.required else bind.value)
