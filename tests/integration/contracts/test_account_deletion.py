from doorward.infrastructure.sql.account_deletion import KEPT, VOID
from doorward.infrastructure.sql.tables import changes, metadata, sessions, users


def test_every_table_that_names_accounts_is_emptied_with_them() -> None:
    """ST-08. The change feed names accounts that are gone on purpose, and sessions are deleted apart."""
    naming = {table.name for table in metadata.tables.values() if "user_id" in table.columns}
    assert {*KEPT, *VOID} == naming - {changes.name, sessions.name, users.name}
