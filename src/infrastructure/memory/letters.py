from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorward.domain.ids import LetterId, UserId
from doorward.domain.letters.letter import Letter, LetterState
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryLetters:
    tables: Tables

    async def get(self, letter_id: LetterId) -> Letter | None:
        return self.tables.letters.get(letter_id)

    async def due(self, now: datetime, limit: int) -> Sequence[Letter]:
        waiting = [
            letter for letter in self.tables.letters.values() if letter.finished_at is None and letter.due_at <= now
        ]
        return sorted(waiting, key=lambda letter: (letter.due_at, letter.id))[:limit]

    async def latest(self, limit: int, state: LetterState | None = None) -> Sequence[Letter]:
        found = [letter for letter in self.tables.letters.values() if state in {None, letter.state}]
        return sorted(found, key=lambda letter: letter.id, reverse=True)[:limit]

    async def of_user(self, user_id: UserId, limit: int) -> Sequence[Letter]:
        own = [letter for letter in self.tables.letters.values() if letter.user_id == user_id]
        return sorted(own, key=lambda letter: letter.id, reverse=True)[:limit]

    async def add(self, letter: Letter) -> bool:
        if any(letter.id == other.id or letter.slot == other.slot for other in self.tables.letters.values()):
            return False
        self.tables.letters[letter.id] = letter
        return True

    async def save(self, letter: Letter) -> bool:
        stored = self.tables.letters.get(letter.id)
        if stored is None or stored.version != letter.version - 1:
            return False
        self.tables.letters[letter.id] = replace(letter, slot=stored.slot, created_at=stored.created_at)
        return True

    async def remove(self, letter_id: LetterId) -> bool:
        return self.tables.letters.pop(letter_id, None) is not None

    async def prune(self, finished_before: datetime, limit: int) -> int:
        old = [
            letter.id
            for letter in self.tables.letters.values()
            if letter.finished_at is not None and letter.finished_at < finished_before
        ][:limit]
        for letter_id in old:
            del self.tables.letters[letter_id]
        return len(old)
