"""The whole schema. `doorward migrate` creates it; `tests/integration/migrations/test_migrations.py` compares both.

The names are without the prefix of the installation, which `naming.py` adds.
"""

from doorward.infrastructure.sql.tables.account_tables import adopted_accounts as adopted_accounts
from doorward.infrastructure.sql.tables.account_tables import invitations as invitations
from doorward.infrastructure.sql.tables.account_tables import known_agents as known_agents
from doorward.infrastructure.sql.tables.account_tables import profiles as profiles
from doorward.infrastructure.sql.tables.account_tables import roles as roles
from doorward.infrastructure.sql.tables.account_tables import user_roles as user_roles
from doorward.infrastructure.sql.tables.account_tables import users as users
from doorward.infrastructure.sql.tables.audit_tables import audit_entries as audit_entries
from doorward.infrastructure.sql.tables.audit_tables import audit_streams as audit_streams
from doorward.infrastructure.sql.tables.feed_tables import changes as changes
from doorward.infrastructure.sql.tables.feed_tables import heartbeats as heartbeats
from doorward.infrastructure.sql.tables.key_tables import signing_keys as signing_keys
from doorward.infrastructure.sql.tables.letter_tables import letters as letters
from doorward.infrastructure.sql.tables.letter_tables import link_tokens as link_tokens
from doorward.infrastructure.sql.tables.letter_tables import undo_links as undo_links
from doorward.infrastructure.sql.tables.node_tables import agreed_settings as agreed_settings
from doorward.infrastructure.sql.tables.node_tables import leases as leases
from doorward.infrastructure.sql.tables.node_tables import nodes as nodes
from doorward.infrastructure.sql.tables.service_tables import services as services
from doorward.infrastructure.sql.tables.session_tables import sessions as sessions
from doorward.infrastructure.sql.tables.session_tables import sign_in_attempts as sign_in_attempts
from doorward.infrastructure.sql.tables.session_tables import sign_in_codes as sign_in_codes
from doorward.infrastructure.sql.tables.table_metadata import metadata as metadata
