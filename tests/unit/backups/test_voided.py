"""What of a backup is void when it is restored."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from doorward.domain.accounts.epoch import epoch_at, later_epoch
from doorward.domain.errors import InvalidKey
from doorward.infrastructure.backup.voided import VOIDING, RestoreRules, Row
from doorward.testing.doubles import NOON

LETTER: Mapping[str, Any] = {"state": "waiting", "reason": "", "finished_at": None, "version": 4, "attempts": 1}


def refuse(row: Row) -> Row:
    raise InvalidKey(str(row))


def rules(*, end_sessions: bool = True, now: datetime = NOON) -> RestoreRules:
    return RestoreRules(end_sessions=end_sessions, now=now, resealed=refuse)


@pytest.mark.parametrize("table", ["sessions", "changes", "signing_keys", "link_tokens", "sign_in_codes"])
def test_sessions_tokens_codes_and_keys_are_left_out(table: str) -> None:
    """F-40."""
    assert rules().restored(table, {}) is None


@pytest.mark.parametrize("table", ["roles", "services", "undo_links", "audit_entries", "sign_in_attempts", "profiles"])
def test_all_that_signs_nobody_in_stays(table: str) -> None:
    """F-40. A link that undoes a change protects the holder, so that a thief does not get rid of it by a restore."""
    row = {"token_hash": b"x"}
    assert rules().restored(table, row) is row


def test_an_account_enters_an_epoch_above_all_that_it_entered_after_the_backup() -> None:
    """F-40: at one new epoch in a second, and also when a copy was restored before."""
    for epoch in (0, 7, epoch_at(NOON - timedelta(days=1))):
        row = rules().restored("users", {"epoch": epoch, "version": 1})
        assert row == {"epoch": epoch_at(NOON), "version": 1}


def test_a_second_restore_of_the_same_backup_has_another_epoch() -> None:
    """F-40: the tokens that were issued between the two stay void."""
    epochs = [later_epoch(3, NOON + timedelta(seconds=seconds)) for seconds in range(3)]
    assert epochs == sorted(set(epochs))


def test_an_epoch_grows_although_the_clock_is_wrong() -> None:
    ahead = epoch_at(NOON + timedelta(days=400))
    assert later_epoch(ahead, NOON) == ahead + 1


def test_an_epoch_fits_into_its_column_for_decades() -> None:
    assert epoch_at(NOON + timedelta(days=50 * 365)) < 2**31


def test_a_letter_that_waited_is_given_up_and_may_be_sent_by_hand() -> None:
    """F-40: the backup does not know whether it was sent since."""
    assert rules().restored("letters", LETTER) == {
        "state": "given_up",
        "reason": "restored from a backup",
        "finished_at": NOON,
        "version": 5,
        "attempts": 1,
    }
    sent = {**LETTER, "state": "sent"}
    assert rules().restored("letters", sent) is sent


def test_an_invitation_is_still_listed_and_its_link_is_void() -> None:
    """F-40: it may have been withdrawn since."""
    assert rules().restored("invitations", {"id": 1, "token_hash": b"x"}) == {"id": 1, "token_hash": None}


def test_everything_stays_when_sessions_are_kept_and_signing_keys_must_open() -> None:
    for table in VOIDING.keys() - {"signing_keys"}:
        assert rules(end_sessions=False).restored(table, LETTER) is LETTER
    with pytest.raises(InvalidKey):
        rules(end_sessions=False).restored("signing_keys", LETTER)
