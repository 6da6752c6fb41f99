import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

from sqlalchemy import bindparam, delete, insert, select, update

from doorward.domain.ids import LetterId, UserId
from doorward.domain.letters.language import is_language
from doorward.domain.letters.letter import Letter, LetterKind, LetterState
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.expiry import Expiry
from doorward.infrastructure.sql.tables import letters

BY_ID = letters.c.id == bindparam("letter_id")
OF_KNOWN_KIND = letters.c.kind.in_([kind.value for kind in LetterKind])
"""A later version of Doorward on the same database may know more kinds, and sends these itself."""

GET = select(letters).where(BY_ID, OF_KNOWN_KIND)
DUE = (
    select(letters)
    .where(OF_KNOWN_KIND, letters.c.finished_at.is_(None), letters.c.due_at <= bindparam("now"))
    .order_by(letters.c.due_at, letters.c.id)
    .limit(bindparam("count"))
)
LATEST = select(letters).where(OF_KNOWN_KIND).order_by(letters.c.id.desc()).limit(bindparam("count"))
LATEST_IN_STATE = LATEST.where(letters.c.state == bindparam("wanted"))
OF_USER = LATEST.where(letters.c.user_id == bindparam("holder"))
ADD = insert(letters)
SAVE = update(letters).where(BY_ID, letters.c.version == bindparam("stored_version"))
REMOVE = delete(letters).where(BY_ID)
EXPIRY = Expiry.of(letters.c.id, letters.c.finished_at)


@final
@dataclass(frozen=True, slots=True)
class SqlLetters:
    connection: SqlConnection

    async def get(self, letter_id: LetterId) -> Letter | None:
        for row in await self.connection.rows(GET, {"letter_id": letter_id}):
            return to_letter(row)
        return None

    async def due(self, now: datetime, limit: int) -> Sequence[Letter]:
        return [to_letter(row) for row in await self.connection.rows(DUE, {"now": now, "count": limit})]

    async def latest(self, limit: int, state: LetterState | None = None) -> Sequence[Letter]:
        if state is None:
            rows = await self.connection.rows(LATEST, {"count": limit})
        else:
            rows = await self.connection.rows(LATEST_IN_STATE, {"count": limit, "wanted": state.value})
        return [to_letter(row) for row in rows]

    async def of_user(self, user_id: UserId, limit: int) -> Sequence[Letter]:
        rows = await self.connection.rows(OF_USER, {"holder": user_id, "count": limit})
        return [to_letter(row) for row in rows]

    async def add(self, letter: Letter) -> bool:
        row = to_row(letter) | {"id": letter.id, "slot": letter.slot, "created_at": letter.created_at}
        try:
            await self.connection.change(ADD, row)
        except ConstraintViolated:
            return False
        return True

    async def save(self, letter: Letter) -> bool:
        conditions = {"letter_id": letter.id, "stored_version": letter.version - 1}
        return bool(await self.connection.change(SAVE, to_row(letter) | conditions))

    async def remove(self, letter_id: LetterId) -> bool:
        return bool(await self.connection.change(REMOVE, {"letter_id": letter_id}))

    async def prune(self, finished_before: datetime, limit: int) -> int:
        return await EXPIRY.prune(self.connection, finished_before, limit)


def to_row(letter: Letter) -> dict[str, Any]:
    """The columns that `save` writes."""
    return {
        "kind": letter.kind.value,
        "recipient": letter.recipient,
        "language": letter.language or "",
        "user_id": letter.user_id,
        "state": letter.state.value,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "due_at": letter.due_at,
        "expires_at": letter.expires_at,
        "finished_at": letter.finished_at,
        "version": letter.version,
        "details": json.dumps(dict(letter.details)) if letter.details else None,
    }


def to_letter(row: SqlRow) -> Letter:
    """A letter in a language that only a later version of Doorward knows is sent in that of the account."""
    return Letter(
        id=LetterId(row.id),
        kind=LetterKind(row.kind),
        recipient=row.recipient,
        language=row.language if is_language(row.language) else None,
        user_id=row.user_id,
        slot=row.slot,
        state=LetterState(row.state),
        attempts=row.attempts,
        reason=row.reason,
        created_at=row.created_at,
        due_at=row.due_at,
        expires_at=row.expires_at,
        finished_at=row.finished_at,
        version=row.version,
        details=json.loads(row.details) if row.details else {},
    )
