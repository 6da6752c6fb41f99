"""Seals what identifies a person in the audit log: AES-256-GCM under keys of single entries (HKDF, RFC 5869).

A sealed value is one version byte, 12 bytes of nonce, then ciphertext and tag. A value that belongs to no account is
one zero byte and the plain text.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from doorward.application.ports.audit import AuditEntry, AuditRecord
from doorward.domain.audit.sealed_entry import (
    BEFORE_THE_FIRST,
    SERVICE_STREAM,
    AuditEntryId,
    AuditStream,
    SealedEntry,
    StreamId,
)
from doorward.domain.ids import uuid7

PLAIN, SEALED = b"\x00", b"\x01"
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32

Part = Literal["source", "details"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHead:
    """What the next entry of a stream needs to know."""

    stream: AuditStream
    number: int
    """The number of the last entry, also if it was pruned; 0 for a new stream."""
    hash: bytes
    stored: bool = True
    """False for a stream that has no row yet."""

    @classmethod
    def new(cls, stream_id: StreamId) -> Self:
        key = None if stream_id == SERVICE_STREAM else os.urandom(KEY_BYTES)
        return cls(stream=AuditStream(id=stream_id, key=key), number=0, hash=BEFORE_THE_FIRST, stored=False)

    def moved_to(self, entry: SealedEntry) -> Self:
        return replace(self, number=entry.number, hash=entry.hash, stored=True)


def stream_of(entry: AuditEntry) -> StreamId:
    return SERVICE_STREAM if entry.account is None else StreamId(entry.account)


def actor_stream_of(entry: AuditEntry) -> StreamId | None:
    """Return the stream under whose key the address is sealed; None if no address is kept."""
    source = entry.source
    if not source.address:
        return None
    return stream_of(entry) if source.account is None else StreamId(source.account)


def sealed_entry(entry: AuditEntry, head: StreamHead, actor_key: bytes | None, now: datetime) -> SealedEntry:
    """Return the entry as it is stored behind the head of its stream."""
    entry_id, source = AuditEntryId(uuid7(now)), entry.source
    details = {"before": dict(entry.before), "after": dict(entry.after)} if entry.before or entry.after else None
    is_plain = head.stream.id == SERVICE_STREAM
    return SealedEntry(
        stream=head.stream.id,
        number=head.number + 1,
        id=entry_id,
        at=now,
        event=entry.event.value,
        actor=source.actor,
        session_id=source.session_id,
        source=seal({"address": source.address} if source.address else None, entry_key(actor_key, entry_id, "source")),
        details=plain(details) if is_plain else seal(details, entry_key(head.stream.key, entry_id, "details")),
    ).chained(head.hash)


def audit_record(entry: SealedEntry, streams: Mapping[StreamId, AuditStream]) -> AuditRecord:
    """Return the entry with what these streams have the keys for."""
    own = streams.get(entry.stream)
    acting = streams.get(acting_stream(entry))
    keys: dict[Part, bytes | None] = {
        "source": entry_key(acting.key if acting else None, entry.id, "source"),
        "details": entry_key(own.key if own else None, entry.id, "details"),
    }
    return opened(entry, {name: key for name, key in keys.items() if key is not None})


def acting_stream(entry: SealedEntry) -> StreamId:
    """Return the stream under whose key the address of an entry is sealed."""
    try:
        return StreamId(UUID(entry.actor))
    except ValueError:  # no account
        return entry.stream


def opened(entry: SealedEntry, keys: Mapping[str, bytes]) -> AuditRecord:
    """Return the entry with what these keys of the entry open."""
    source, details = unsealed(entry.source, keys.get("source")), unsealed(entry.details, keys.get("details"))
    return AuditRecord(
        sealed=entry,
        address=(source or {}).get("address"),
        before=(details or {}).get("before", {}),
        after=(details or {}).get("after", {}),
        erased=source is None or details is None,
        keys={name: key for name, key in keys.items() if getattr(entry, name).startswith(SEALED)},
    )


def entry_key(stream_key: bytes | None, entry_id: AuditEntryId, part: Part) -> bytes | None:
    """Return the key of one value of one entry, or None where the stream has no key any more."""
    if stream_key is None:
        return None
    info = b"doorward audit v1 " + part.encode() + entry_id.bytes
    return HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=info).derive(stream_key)


def plain(value: Mapping[str, Any] | None) -> bytes:
    return b"" if value is None else PLAIN + to_json(value)


def seal(value: Mapping[str, Any] | None, key: bytes | None) -> bytes:
    """Return the value, sealed; nothing if there is no value or no key."""
    if value is None or key is None:
        return b""
    nonce = os.urandom(NONCE_BYTES)
    return SEALED + nonce + AESGCM(key).encrypt(nonce, to_json(value), None)


def unsealed(stored: bytes, key: bytes | None) -> Mapping[str, Any] | None:
    """Return the value, which is empty if nothing was stored. Return None if it cannot be opened."""
    if not stored:
        return {}
    if stored.startswith(PLAIN):
        return from_json(stored[1:])
    if key is None:
        return None
    try:
        return from_json(AESGCM(key).decrypt(stored[1 : 1 + NONCE_BYTES], stored[1 + NONCE_BYTES :], None))
    except (InvalidTag, ValueError):
        return None


def to_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def from_json(text: bytes) -> Mapping[str, Any] | None:
    """Return the object in the text, or None if there is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
