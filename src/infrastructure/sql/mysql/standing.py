"""What a MySQL or MariaDB server says about itself, and whether it may be used.

A member of a group that is OFFLINE takes writes which the group never gets, and which keep the member out of the group
afterwards. In multi-primary mode, row locks hold on one member only, so that concurrent changes are not in conflict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import final


class Use(Enum):
    """What connections are for, and so which server may serve them."""

    WRITING = "transactions"
    READING = "reads that must be of the newest state"
    LISTS = "reads that may be of a somewhat older state"
    ANY = "whatever the server is"


GROUP_NAME, SINGLE_PRIMARY = "group_replication_group_name", "group_replication_single_primary_mode"
VARIABLES = ("read_only", "super_read_only", "offline_mode", "server_uuid", GROUP_NAME, SINGLE_PRIMARY)
MEMBER_IS = "group_member_is_"
"""The beginning of the reason that names the state of a member, or that it is a secondary."""

OFF = frozenset({"", "OFF", "0"})

OWN_ROW = "FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@GLOBAL.server_uuid"
MEMBERSHIP = f"SELECT MEMBER_STATE, MEMBER_ROLE {OWN_ROW}"

SELF_DESCRIPTION = (
    "SELECT VERSION(), DATABASE(), @@lower_case_table_names",
    f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({', '.join(map(repr, VARIABLES))})",
    MEMBERSHIP,
)
"""Statements that a server answers about itself. The second one leaves out what the server does not know, and no
privilege is needed for it. The third one fails where there is no such table, or where the account may not read it."""

ROW_OF_PRIMARY = f"{OWN_ROW} AND MEMBER_STATE = 'ONLINE' AND MEMBER_ROLE = 'PRIMARY' AND @@GLOBAL.{SINGLE_PRIMARY}"
STILL_PRIMARY = f"SELECT MEMBER_STATE {ROW_OF_PRIMARY}"
"""Has one row as long as the member is the primary."""

COMMIT_ON_PRIMARY = f"SET SESSION completion_type = (SELECT 'NO_CHAIN' {ROW_OF_PRIMARY}); COMMIT"
"""Commits if the member is still the primary. Otherwise there is no row, and NULL is no completion type: the server
answers with error 1231 and does not go on to the COMMIT. The variable has this value in any case."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A server's answers."""

    version: str
    database: str | None
    lower_case_table_names: int
    variables: Mapping[str, str] = field(default_factory=dict)
    member: tuple[str, str] | None = None
    """State and role in its group, as MySQL writes them; None if the server has no such row."""
    is_membership_readable: bool = True

    @property
    def in_group(self) -> bool:
        """Whether the server is set up as a member of a group, whatever its state."""
        return self._is_on(GROUP_NAME)

    @property
    def is_read_only(self) -> bool:
        return self._is_on("read_only") or self._is_on("super_read_only")

    @property
    def is_multi_primary(self) -> bool:
        return self.in_group and not self._is_on(SINGLE_PRIMARY)

    def _is_on(self, name: str) -> bool:
        return self.variables.get(name, "").upper() not in OFF

    def obstacle(self, use: Use, *, is_only_host: bool) -> str | None:
        """Return why the server may not be used for this, in a few words for the log; None if it may.

        If there is no other host and no group, reads are served by a server that is read-only for a while.
        """
        if use is Use.ANY:
            return None
        if self._is_on("offline_mode"):
            return "server_in_offline_mode"
        if self.in_group and (found := self._obstacle_in_group(use)):
            return found
        is_tolerant = use is Use.LISTS or (use is Use.READING and is_only_host and not self.in_group)
        return "server_is_read_only" if self.is_read_only and not is_tolerant else None

    def _obstacle_in_group(self, use: Use) -> str | None:
        if not self.is_membership_readable:
            return "group_membership_cannot_be_read"
        state, role = self.member or ("OFFLINE", "")
        if state != "ONLINE":
            return f"{MEMBER_IS}{state.lower()}"
        if use is Use.LISTS:
            return None
        if self.is_multi_primary:
            return "group_is_multi_primary"
        return None if role == "PRIMARY" else f"{MEMBER_IS}secondary"
