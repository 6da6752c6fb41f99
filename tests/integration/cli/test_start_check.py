"""The check of a start that runs in the first worker."""

import os

import pytest

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.cli.output import EXIT_UNUSABLE
from doorward.interfaces.cli.server import StartCheck


@pytest.fixture
def check_of_a_lost_parent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the calls of a check are noted. No process is the parent that a refused check would stop."""
    monkeypatch.setattr(os, "getppid", lambda: 0)
    return []


def test_a_worker_that_replaces_a_refused_one_neither_checks_nor_prints_again(
    check_of_a_lost_parent: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        check_of_a_lost_parent.append("called")
        raise StartRefused("The database is away.")

    check = StartCheck(refuse)
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            check.run()
        assert ended.value.code == EXIT_UNUSABLE
    assert check_of_a_lost_parent == ["called"]
    assert capsys.readouterr().err == "doorward: The database is away.\n"


def test_a_check_that_passed_is_not_repeated() -> None:
    calls: list[None] = []
    check = StartCheck(lambda: calls.append(None))
    check.run()
    check.run()
    assert len(calls) == 1
    assert not check.is_refused
