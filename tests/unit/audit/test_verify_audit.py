"""An export proves that nobody altered the audit log, and names the first line that is wrong."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from doorward.application.accounts.prune_deleted_users import PruneDeletedUsers
from doorward.application.audit.export_audit import ExportAudit
from doorward.application.audit.prune_audit import PruneAudit
from doorward.application.audit.verify_audit import ExportEnd, Heads, Verification, Verified
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import MODERATOR
from doorward.domain.audit.retention import AuditRetention
from doorward.domain.audit.sealed_entry import AuditStream
from doorward.domain.errors import AuditBroken
from doorward.infrastructure.security.audit_sealing import opened
from doorward.interfaces.cli.audit_file import end_line, entry_line, heading, read_export, stream_line
from doorward.testing.builders import PASSWORD
from doorward.testing.doubles import NOON
from support.house import House


async def exported(house: House, *, readable: bool = False) -> list[str]:
    lines, streams, entries = [heading(NOON)], 0, 0
    async for each in ExportAudit(house.storage)():
        if isinstance(each, AuditStream):
            streams += 1
            lines.append(stream_line(each))
        else:
            entries += 1
            lines.append(entry_line(each, readable=readable))
    return [*lines, end_line(ExportEnd(streams, entries))]


def verified(lines: list[str], earlier: Heads | None = None) -> Verified:
    return Verification(opened, earlier or {}).of(read_export(line.encode() for line in lines))


async def a_house() -> House:
    """Two accounts with some entries each, and a role."""
    house = House()
    for name in ("ada", "grace"):
        user_id = await house.register(name, f"{name}@example.org", PASSWORD, NOON)
        assert user_id is not None
        await house.grant(user_id, MODERATOR, NOON, OPERATOR)
        await house.end_all(user_id, OPERATOR)
        await house.revoke(user_id, MODERATOR, OPERATOR)
    return house


@pytest.mark.parametrize("readable", [True, False])
async def test_an_export_verifies(readable: bool) -> None:
    """AD-03."""
    result = verified(await exported(await a_house(), readable=readable))
    assert (result.entries, len(result.heads)) == (8, 2)


async def test_an_export_identifies_nobody_unless_it_is_readable() -> None:
    house = await a_house()
    assert "ada@example.org" not in "".join(await exported(house))
    assert "ada@example.org" in "".join(await exported(house, readable=True))


def altered(line: str, **members: Any) -> str:
    return json.dumps(json.loads(line) | members, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Attack:
    alter: Callable[[list[str]], list[str]]
    line: int
    reason: str


def replaced(number: int, **members: Any) -> Callable[[list[str]], list[str]]:
    """Change members of a line, which is counted from 1."""
    return lambda lines: [altered(line, **members) if at == number else line for at, line in enumerate(lines, 1)]


CHANGED = "its hash is another one"
ATTACKS = {
    "another event": Attack(replaced(5, event="user_created"), 5, CHANGED),
    "another actor": Attack(replaced(5, actor="system"), 5, CHANGED),
    "another time": Attack(replaced(5, at="2026-11-23T12:00:01Z"), 5, CHANGED),
    "another session": Attack(replaced(5, session="00000000-0000-7000-8000-000000000000"), 5, CHANGED),
    "other details": Attack(replaced(5, details="AA=="), 5, CHANGED),
    "another hash": Attack(replaced(5, hash="00" * 32), 5, CHANGED),
    "an entry removed": Attack(lambda lines: lines[:3] + lines[4:], 4, "entry 2 of the stream is missing"),
    "an entry twice": Attack(lambda lines: [*lines[:4], lines[3], *lines[4:]], 5, "entry 3 of the stream is missing"),
    "two entries swapped": Attack(
        lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], 4, "entry 2 of the stream is missing"
    ),
    "another anchor": Attack(replaced(2, prunedHash="00" * 31 + "01"), 3, CHANGED),
    "an anchor that skips an entry": Attack(
        lambda lines: [lines[0], altered(lines[1], prunedNumber=1), *lines[3:]], 3, CHANGED
    ),
    "the end removed": Attack(lambda lines: lines[:-1], 12, "the end is missing"),
    "the last entry removed": Attack(lambda lines: [*lines[:-2], lines[-1]], 11, "the numbers of streams and entries"),
    "a stream twice": Attack(
        lambda lines: [*lines[:6], *lines[1:6], *lines[6:]], 7, "the stream is not in its place, or appears twice"
    ),
    "no JSON": Attack(lambda lines: [*lines[:3], "{", *lines[4:]], 4, "it is not a line of an export"),
    "an array": Attack(lambda lines: [*lines[:3], "[]", *lines[4:]], 4, "it is not a line of an export"),
    "a second member of the same name": Attack(
        lambda lines: [*lines[:3], '{"event":"user_created",' + lines[3][1:], *lines[4:]],
        4,
        "it is not a line of an export",
    ),
    "a member that no export has": Attack(replaced(4, note="checked"), 4, "it is not a line of an export"),
    "only some of the readable members": Attack(replaced(4, erased=True), 4, "it is not a line of an export"),
    "another form": Attack(replaced(1, format="doorward-audit-9"), 1, "this version reads exports of the form"),
    "something behind the end": Attack(lambda lines: [*lines, lines[1]], 13, "something follows the end"),
    "nothing at all": Attack(lambda _: [], 1, "the end is missing"),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_altered_export_is_refused_at_its_first_wrong_line(name: str) -> None:
    """AD-03."""
    attack = ATTACKS[name]
    lines = await exported(await a_house())
    assert len(lines) == 12
    with pytest.raises(AuditBroken, match=attack.reason) as refused:
        verified(attack.alter(lines))
    assert refused.value.line == attack.line


@pytest.mark.parametrize(
    "members", [{"after": {"username": "eve"}}, {"address": "198.51.100.1"}, {"erased": True}, {"keys": {}}]
)
async def test_what_a_readable_export_shows_is_what_is_sealed(members: dict[str, Any]) -> None:
    lines = await exported(await a_house(), readable=True)
    with pytest.raises(AuditBroken, match="what the entry shows is not what is sealed in it"):
        verified(replaced(3, **members)(lines))


async def test_a_rewritten_stream_verifies_and_differs_from_an_earlier_export() -> None:
    """Who owns the database can compute every hash anew. An export that was kept elsewhere shows it."""
    house, forged = await a_house(), await a_house()
    earlier = verified(await exported(house)).heads
    again = verified(await exported(house), earlier)
    assert (again.continued, again.pruned, again.missing) == (2, 0, [])
    assert verified(await exported(forged), earlier).missing == sorted(earlier)
    tables, real = forged.database.tables, house.database.tables
    streams = dict(zip(sorted(tables.audit_streams), sorted(real.audit_streams), strict=True))
    tables.audit_streams = {to: real.audit_streams[to] for to in streams.values()}
    by_stream: dict[Any, bytes] = {}
    rewritten = []
    for entry in tables.audit_entries:
        moved = type(entry)(
            **{name: getattr(entry, name) for name in entry.__slots__} | {"stream": streams[entry.stream]}
        )
        rewritten.append(moved.chained(by_stream.get(moved.stream, bytes(32))))
        by_stream[moved.stream] = rewritten[-1].hash
    tables.audit_entries = rewritten
    lines = await exported(forged)
    assert verified(lines).entries == 8
    with pytest.raises(AuditBroken, match="the entry is not the one of the earlier export"):
        verified(lines, earlier)


async def test_entries_that_are_removed_at_the_end_of_a_stream_are_missed_by_an_earlier_export() -> None:
    house = await a_house()
    earlier = verified(await exported(house)).heads
    house.database.tables.audit_entries.pop()
    lines = await exported(house)
    assert verified(lines).entries == 7
    with pytest.raises(AuditBroken, match="entries of the earlier export are missing"):
        verified(lines, earlier)


async def test_an_export_verifies_after_pruning_and_after_a_deletion() -> None:
    """ST-08."""
    house = await a_house()
    earlier = verified(await exported(house)).heads
    ada = next(iter(house.database.tables.users))
    house.clock.move(timedelta(days=2).total_seconds())
    await house.end_all(ada, OPERATOR)
    await PruneAudit(house.storage, AuditRetention(timedelta(days=1)))(house.clock.now())
    await house.delete_user(ada, OPERATOR)
    await PruneDeletedUsers(house.storage, house.deletion, house.log)(house.clock.now() + timedelta(days=31))
    lines = await exported(house, readable=True)
    result = verified(lines, earlier)
    assert (result.entries, result.continued, len(result.missing)) == (2, 1, 1)
    assert '"erased":true' in "".join(lines)
