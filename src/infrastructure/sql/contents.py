"""What a database holds under the names of Doorward's tables: nothing, Doorward's own tables, or those of others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

from sqlalchemy import Connection, Select, String, column, false, inspect, literal_column, select, table

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.tables import metadata
from doorward.infrastructure.sql.urls import DatabaseUrl

HEAD = "0017"
"""The revision that this version works with. Revisions are numbered; a greater number is a newer revision."""

KNOWN_REVISIONS = frozenset({"", *(f"{number:04}" for number in range(1, int(HEAD) + 1))})
"""Every revision so far. The empty one stands for a new database."""

FORMER_VERSION_TABLE = "alembic_version"
"""Where versions without a table prefix held the revision. Tables of other programs have this name, too."""

FIRST_TABLES = frozenset({"users", "roles", "user_roles", "signing_keys", "changes"})
"""The tables of the first revision."""

COLUMNS_BY_TABLE = {each.name: frozenset(each.columns.keys()) for each in metadata.sorted_tables}
ADDED_LATER = {
    "changes": frozenset({"session_id", "epoch"}),
    "sessions": frozenset({"keeps_token"}),
    "users": frozenset(
        {
            "disabled_until",
            "disabled_reason",
            "deleted_at",
            "alias",
            "alias_key",
            "external_id",
            "email_verified_at",
            "locale",
        }
    ),
    "letters": frozenset({"details"}),
    "link_tokens": frozenset({"new_address"}),
}
"""Columns that a table of Doorward does not have in each revision."""

TUTORIAL_TABLES = {
    "users": frozenset({"id", "username", "email", "password"}),
    "roles": frozenset({"id", "name"}),
    "user_roles": frozenset({"roleid", "userid"}),
}
"""Columns that the Express tutorial's tables have, in lower case and without underscores."""

TUTORIAL_HINT = (
    " These look like the tables of the Express tutorial. `doorward adopt tutorial` brings their accounts along, once "
    "Doorward's own tables are apart from them."
)

Tables = Mapping[str, frozenset[str]]
"""The columns of tables, by their names without the prefix."""


@final
@dataclass(frozen=True, slots=True)
class SchemaState:
    revision: str | None
    """None if the database was never migrated."""
    version_table: str = VERSION_TABLE
    """The table that holds the revision, without the prefix."""


CURRENT = SchemaState(HEAD)


def schema_state(url: DatabaseUrl, connection: Connection) -> SchemaState:
    """Return the state of the schema. Raise StartRefused for tables that would be in the way of a migration."""
    state = own_state(url, connection)
    if state is not None and (state.revision or "") >= HEAD:
        return state
    found = present(connection, url.table_prefix)
    refuse_strangers(url, found)
    if not found:
        return state or SchemaState(None)
    former = former_state(connection, found) if not url.table_prefix else None
    # Read again, because another process that migrates meanwhile makes or renames this table before the others.
    state = own_state(url, connection) or former
    if state is None:
        raise StartRefused(
            f"The database {url.masked} has tables of Doorward ({listed(url, found)}), but not "
            f"{url.table_prefix}{VERSION_TABLE}, which says of which version they are; restore a whole backup, or "
            f"{alternatives(url)}."
        )
    return state


def own_state(url: DatabaseUrl, connection: Connection) -> SchemaState | None:
    """Return what the version table holds, or None if there is no such table."""
    name = f"{url.table_prefix}{VERSION_TABLE}"
    if columns_of(connection, name) is None:
        return None
    return SchemaState(next(iter(revisions(connection, name)), None))


def former_state(connection: Connection, found: Tables) -> SchemaState | None:
    """Return the state that a former version left, or None if `alembic_version` is not Doorward's."""
    if columns_of(connection, FORMER_VERSION_TABLE) != frozenset({"version_num"}):
        return None
    held = revisions(connection, FORMER_VERSION_TABLE)
    if not held:  # a first migration that was interrupted
        return SchemaState(None, FORMER_VERSION_TABLE)
    if len(held) > 1 or held[0] not in KNOWN_REVISIONS or not FIRST_TABLES.issubset(found):
        return None
    return SchemaState(held[0], FORMER_VERSION_TABLE)


def refuse_strangers(url: DatabaseUrl, found: Tables) -> None:
    """Raise StartRefused when tables of other programs have the names of Doorward's tables."""
    strangers = [name for name, columns in found.items() if not is_own(name, columns)]
    if not strangers:
        return
    guess = TUTORIAL_HINT if is_tutorial(found) else ""
    raise StartRefused(
        f"The database {url.masked} has tables of another program with the names of Doorward's tables: "
        f"{listed(url, strangers)}.{guess} Nothing was changed; {alternatives(url)}."
    )


def alternatives(url: DatabaseUrl) -> str:
    prefix = "set another DOORWARD_TABLE_PREFIX" if url.table_prefix else "set DOORWARD_TABLE_PREFIX=doorward_"
    return f"name another database in DOORWARD_DATABASE_URL, or {prefix}"


def listed(url: DatabaseUrl, names: Iterable[str]) -> str:
    return ", ".join(f"{url.table_prefix}{name}" for name in sorted(names))


def is_own(name: str, columns: frozenset[str]) -> bool:
    """Return whether the columns are those of Doorward's table in any revision, or between two of them."""
    return COLUMNS_BY_TABLE[name] - ADDED_LATER.get(name, frozenset()) <= columns <= COLUMNS_BY_TABLE[name]


def is_tutorial(found: Tables) -> bool:
    return all(
        wanted <= {column.lower().replace("_", "") for column in found.get(name, ())}
        for name, wanted in TUTORIAL_TABLES.items()
    )


def present(connection: Connection, prefix: str) -> Tables:
    """Return the tables and views that have the names of Doorward's tables."""
    each = {name: columns_of(connection, f"{prefix}{name}") for name in COLUMNS_BY_TABLE}
    return {name: columns for name, columns in each.items() if columns is not None}


def columns_of(connection: Connection, name: str) -> frozenset[str] | None:
    """Return the columns of a table or view, or None if there is none of that name."""
    if not inspect(connection).has_table(name):
        return None
    no_rows: Select[Any] = select(literal_column("*")).select_from(table(name)).where(false())
    return frozenset(connection.execute(no_rows).keys())


def revisions(connection: Connection, version_table: str) -> list[str]:
    """Return what a version table holds: one revision, or none before the first migration has ended."""
    return list(connection.scalars(select(column("version_num", String)).select_from(table(version_table))))
