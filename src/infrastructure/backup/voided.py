"""What of a backup is not as it was when the backup is restored. `docs/decisions/backups.md` has the reasons."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from doorward.domain.accounts.epoch import later_epoch
from doorward.domain.letters.letter import LetterState

Row: TypeAlias = Mapping[str, Any]
"""The values of a row by the names of their columns."""

GIVEN_UP_REASON: Final = "restored from a backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRules:
    """What the operator asked for."""

    end_sessions: bool
    """Whether all sessions, tokens and links of the backup are void."""
    now: datetime
    resealed: Callable[[Row], Row] = field(repr=False)
    """Returns a row of `signing_keys` as the present master secret opens it. Raises InvalidKey if no secret does."""

    def restored(self, table: str, row: Row) -> Row | None:
        """Return the row as it is stored, or None if it is left out. Raise InvalidKey."""
        if self.end_sessions:
            rule = VOIDING.get(table)
            return row if rule is None else rule(row, self.now)
        return self.resealed(row) if table == "signing_keys" else row


def left_out(row: Row, now: datetime) -> None:  # noqa: ARG001 the other rules need them
    return None


def in_later_epoch(row: Row, now: datetime) -> Row:
    return {**row, "epoch": later_epoch(row["epoch"], now)}


def given_up(row: Row, now: datetime) -> Row:
    """Return the letter as given up if it waited: it may have been sent after the backup was made."""
    if row["state"] != LetterState.WAITING:
        return row
    end = {"state": LetterState.GIVEN_UP.value, "reason": GIVEN_UP_REASON, "finished_at": now}
    return {**row, **end, "version": row["version"] + 1}


def without_link(row: Row, now: datetime) -> Row:  # noqa: ARG001 the other rules need it
    return {**row, "token_hash": None}


VOIDING: Final[Mapping[str, Callable[[Row, datetime], Row | None]]] = MappingProxyType(
    {
        "users": in_later_epoch,
        "sessions": left_out,
        "changes": left_out,
        "signing_keys": left_out,
        "link_tokens": left_out,
        "sign_in_codes": left_out,
        "invitations": without_link,
        "letters": given_up,
    }
)
"""The rules of a restore that ends the sessions, by table. Rows of all other tables stay as they are."""
