"""What the reasons mean for which a server may not be used, for people: a sentence's end, and what to do."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.mysql.standing import MEMBER_IS

EXPLANATIONS: Mapping[str, tuple[str, str]] = {
    "server_in_offline_mode": ("is in offline mode", "set offline_mode to OFF on it"),
    "server_is_read_only": ("is read-only", "name the server that takes writes in DOORWARD_DATABASE_URL"),
    "group_membership_cannot_be_read": (
        "is set up as a member of a group, and this account may not read its state in the group",
        "run GRANT SELECT ON performance_schema.replication_group_members for this account on the primary",
    ),
    "group_is_multi_primary": (
        "belongs to a group in multi-primary mode, in which row locks do not keep changes apart",
        "run SELECT group_replication_switch_to_single_primary_mode() on a member",
    ),
    f"{MEMBER_IS}secondary": (
        "is a secondary of its group",
        "wait while the members elect a primary, and see that DOORWARD_DATABASE_URL names all of them",
    ),
    f"{MEMBER_IS}offline": (
        "is outside of its group, which would never get what is written to it",
        "run START GROUP_REPLICATION on it",
    ),
    f"{MEMBER_IS}error": ("was expelled from its group", "read its error log, and run START GROUP_REPLICATION on it"),
    f"{MEMBER_IS}recovering": ("still catches up with its group", "wait until it is ONLINE"),
    f"{MEMBER_IS}unreachable": ("cannot reach its group", "see why the members do not reach each other"),
}
OTHERWISE = ("cannot be used", "see the log of the database server")


class UnusableServer(StorageUnavailable):
    """The server answers, and it may not be used. The cause is one of EXPLANATIONS."""


class NoUsableHost(StorageUnavailable):
    """None of several hosts can be used. `reasons` has a few words for each of them."""

    reasons: Mapping[Host, str] = MappingProxyType({})

    @classmethod
    def of(cls, reasons: Mapping[Host, str]) -> Self:
        refusal = cls(cause=f"no_usable_host: {', '.join(dict.fromkeys(reasons.values()))}")
        refusal.reasons = reasons
        return refusal


def explained(error: Exception) -> tuple[str, str] | None:
    """Return the end of a sentence about the server or the servers, and what to do; None for other errors."""
    if isinstance(error, UnusableServer):
        return EXPLANATIONS.get(error.cause, OTHERWISE)
    if not isinstance(error, NoUsableHost):
        return None
    each = [
        (host, *EXPLANATIONS.get(reason, (f"does not answer: {reason}", ""))) for host, reason in error.reasons.items()
    ]
    fixes = dict.fromkeys(fix for _, _, fix in each if fix)
    words = "; ".join(f"{host} {words}" for host, words, _ in each)
    return f"has no usable host: {words}", ", or ".join(fixes) or "see that they are up"
