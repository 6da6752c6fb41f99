"""The mark of a database into which a backup is being restored, so that no node starts on it.

The mark stands in place of the revision of the schema. Versions that do not know it take it for a later revision, and
do not start either.
"""

from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, select, update

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.naming import VERSION_TABLE, own

MARK: Final = "restoring "
"""Followed by the revision of the schema."""

VERSION: Final = Table(own(VERSION_TABLE), MetaData(), Column("version_num", String(32)))


def is_unfinished(version: str) -> bool:
    """Return whether what the version table holds is the mark."""
    return version.startswith(MARK)


def revision_of(version: str) -> str:
    """Return the revision of the schema, whether a restore is unfinished or not."""
    return version.removeprefix(MARK)


def refuse_unfinished(version: str) -> None:
    """Raise StartRefused if a restore is unfinished."""
    if is_unfinished(version):
        raise StartRefused(
            "A backup is being restored into this database, or the restore was interrupted, so that a part of the "
            "accounts is missing; run `doorward restore FILE` to its end."
        )


def held_version(connection: Connection) -> str:
    """Return what the version table holds."""
    return str(connection.scalars(select(VERSION.c.version_num)).one())


def mark(connection: Connection, revision: str) -> None:
    connection.execute(update(VERSION).values(version_num=f"{MARK}{revision}"))


def unmark(connection: Connection, revision: str) -> None:
    connection.execute(update(VERSION).values(version_num=revision))
