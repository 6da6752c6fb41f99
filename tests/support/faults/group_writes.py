"""What clients see of writes while the primary of a MySQL group changes."""

from support.faults.ledger import Kind
from support.faults.workload import Load
from support.mysql.group import Group

WRITES = frozenset({Kind.REFRESH, Kind.SIGN_IN, Kind.SIGN_UP, Kind.SIGN_OUT, Kind.GRANT, Kind.REVOKE})


def until_written(load: Load, since: float) -> float:
    """Return after how many seconds a write was acknowledged that was begun at that moment or later."""

    def written() -> list[float]:
        entries = load.ledger.since(since)
        return [entry.ended for entry in entries if entry.is_acknowledged and entry.kind in WRITES]

    load.until(written)
    return min(written()) - since


def longest_pause(load: Load, since: float) -> float:
    """Return the longest time without an acknowledged write, in seconds, of the time since then."""
    ends = sorted(entry.ended for entry in load.ledger.of(*WRITES) if entry.is_acknowledged and entry.ended >= since)
    return max(later - earlier for earlier, later in zip([since, *ends], ends, strict=False))


def failures(load: Load) -> set[object]:
    """Status and code of all requests that failed, or what broke them."""
    return {entry.status or entry.broken for entry in load.ledger.entries if entry.failed}


def applied(group: Group) -> bool:
    """Return True when all members have what was acknowledged."""
    group.wait_applied()
    return True
