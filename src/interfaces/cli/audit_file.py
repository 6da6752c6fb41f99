"""The file that `doorward audit export` writes and `doorward audit verify` reads: one JSON object in each line."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from doorward.application.audit.verify_audit import ExportEnd, ExportLine
from doorward.application.ports.audit import AuditRecord
from doorward.domain.audit.sealed_entry import FORM, AuditEntryId, AuditStream, SealedEntry, StreamId
from doorward.domain.errors import AuditBroken
from doorward.domain.ids import SessionId
from doorward.interfaces.cli.output import rfc3339


def heading(now: datetime) -> str:
    """Return the first line of an export."""
    return to_json({"format": FORM, "exportedAt": rfc3339(now)})


def stream_line(stream: AuditStream) -> str:
    return to_json(
        {"stream": str(stream.id), "prunedNumber": stream.pruned_number, "prunedHash": stream.pruned_hash.hex()}
    )


def end_line(end: ExportEnd) -> str:
    return to_json({"end": {"streams": end.streams, "entries": end.entries}})


def entry_line(record: AuditRecord, *, readable: bool) -> str:
    """Return the line of an entry. `readable` adds what is sealed in it, with the keys that prove it."""
    entry = record.sealed
    line: dict[str, Any] = {
        "number": entry.number,
        "id": str(entry.id),
        "at": rfc3339(entry.at),
        "event": entry.event,
        "actor": entry.actor,
        "session": str(entry.session_id) if entry.session_id else None,
        "source": b64encode(entry.source).decode(),
        "details": b64encode(entry.details).decode(),
        "hash": entry.hash.hex(),
    }
    if readable:
        line |= {
            "address": record.address,
            "before": record.before,
            "after": record.after,
            "erased": record.erased,
            "keys": {name: b64encode(key).decode() for name, key in record.keys.items()},
        }
    return to_json(line)


def to_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def read_export(lines: Iterable[bytes]) -> Iterator[ExportLine]:
    """Yield what the lines behind the first one contain. Raise AuditBroken, also for a line that says the same in
    another form: a second member of the same name, for example, would show other readers what was not verified."""
    stream: StreamId | None = None
    for number, text in enumerate(lines, 1):
        try:
            members = json.loads(text)
            if number == 1:
                refuse_other_form(members)
                refuse_other_text(text, to_json({"format": FORM, "exportedAt": members["exportedAt"]}))
                continue
            line = parsed(members, stream)
            refuse_other_text(text, written(line, readable="keys" in members))
        except AuditBroken:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise AuditBroken(number, "it is not a line of an export") from None
        if isinstance(line, AuditStream):
            stream = line.id
        yield line


def refuse_other_form(members: Mapping[str, Any]) -> None:
    if members["format"] != FORM:
        raise AuditBroken(1, f"this version reads exports of the form {FORM}")


def refuse_other_text(text: bytes, expected: str) -> None:
    """Raise ValueError unless a line is exactly this text. Its line break may be that of another system."""
    if text.rstrip(b"\r\n") != expected.encode():
        raise ValueError("The line has another form.")


def written(line: ExportLine, *, readable: bool) -> str:
    """Return the line as an export has it."""
    match line:
        case AuditStream():
            return stream_line(line)
        case ExportEnd():
            return end_line(line)
        case AuditRecord():
            return entry_line(line, readable=readable)


def parsed(members: Mapping[str, Any], stream: StreamId | None) -> ExportLine:
    """Return what a line contains. Raise ValueError, KeyError or TypeError for one of another form."""
    if "end" in members:
        return ExportEnd(members["end"]["streams"], members["end"]["entries"])
    if "stream" in members:
        return AuditStream(
            id=StreamId(UUID(members["stream"])),
            key=None,
            pruned_number=int(members["prunedNumber"]),
            pruned_hash=bytes.fromhex(members["prunedHash"]),
        )
    if stream is None:
        raise ValueError("An entry before any stream.")
    return AuditRecord(
        sealed=parsed_entry(members, stream),
        address=members.get("address"),
        before=members.get("before", {}),
        after=members.get("after", {}),
        erased=members.get("erased", False),
        keys={name: b64decode(key, validate=True) for name, key in members.get("keys", {}).items()},
    )


def parsed_entry(members: Mapping[str, Any], stream: StreamId) -> SealedEntry:
    return SealedEntry(
        stream=stream,
        number=members["number"],
        id=AuditEntryId(UUID(members["id"])),
        at=datetime.fromisoformat(members["at"]),
        event=members["event"],
        actor=members["actor"],
        session_id=SessionId(UUID(members["session"])) if members["session"] else None,
        source=b64decode(members["source"], validate=True),
        details=b64decode(members["details"], validate=True),
        hash=bytes.fromhex(members["hash"]),
    )
