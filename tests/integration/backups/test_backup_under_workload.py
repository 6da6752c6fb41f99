"""A backup while people do everything that they do."""

from pathlib import Path
from time import monotonic

import pytest

from integration.backups.conftest import FreshUrl
from support.faults.afterwards import afterwards
from support.faults.judged import judged
from support.faults.ledger import Entry, Kind, Ledger
from support.faults.workload import SETTINGS
from support.faults.writes import accounts_are_there, roles_are_there
from support.programs.server_process import running, server_in

SECRET = "one secret of every node of this test, 2b7e151628aed2a6"

pytestmark = pytest.mark.full


@pytest.mark.parametrize(("source", "target"), [("sqlite", "mysql"), ("mysql", "sqlite")])
def test_a_backup_disturbs_nobody_and_has_all_that_was_acknowledged_before_it(
    tmp_path: Path, fresh_url: FreshUrl, source: str, target: str
) -> None:
    """F-40: the oracle judges the service, and then the part of the ledger that ended before the backup began. What was
    done during it is there as a whole or not at all."""
    there, file = fresh_url(target), tmp_path / "doorward.backup"
    settings = {**SETTINGS, "secret_key": SECRET}
    with running(tmp_path / "first", database_url=fresh_url(source), **settings) as first:
        with judged([first]) as load:
            begun = monotonic()
            done = first.run("backup", str(file))
            ended = monotonic()
        assert done.returncode == 0, done.stderr
        assert not [str(entry) for entry in load.ledger.entries if entry.failed]
        ledger = as_known_before(load.ledger, begun, ended)
    second = server_in(tmp_path / "second", database_url=there, **settings)
    assert second.run("restore", str(file)).returncode == 0
    (second.folder / "output").touch()
    found = afterwards([second])
    assert [*accounts_are_there(ledger, found), *roles_are_there(ledger, found)] == []
    assert not found.sessions


def as_known_before(ledger: Ledger, begun: float, ended: float) -> Ledger:
    """Return what a client knew that had no answer after the backup began. Whoever asked later is left out."""
    known = Ledger()
    for entry in ledger.of(Kind.SIGN_UP, Kind.GRANT, Kind.REVOKE):
        if entry.ended <= begun:
            known.entries.append(entry)
        elif entry.started <= ended:
            known.entries.append(without_answer(entry))
    return known


def without_answer(entry: Entry) -> Entry:
    return Entry(kind=entry.kind, username=entry.username, email=entry.email, broken="during the backup")
