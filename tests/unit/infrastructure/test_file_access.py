import os
from collections.abc import Callable

import pytest

from doorward.infrastructure.settings.file_access import others_may_access, others_may_write

OURS, THEIRS = 10_001, 4_000


@pytest.fixture(autouse=True)
def groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getegid", lambda: 10_000)
    monkeypatch.setattr(os, "getgroups", lambda: [OURS])


def status(mode: int, group: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, 0, group, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("may_others", "mode", "group", "answer"),
    [
        (others_may_access, 0o100600, THEIRS, False),
        (others_may_access, 0o100440, OURS, False),
        (others_may_access, 0o100660, OURS, False),
        (others_may_access, 0o100640, THEIRS, True),
        (others_may_access, 0o100620, THEIRS, True),
        (others_may_access, 0o100604, OURS, True),
        (others_may_access, 0o100601, OURS, True),
        (others_may_write, 0o040700, THEIRS, False),
        (others_may_write, 0o042775, OURS, False),
        (others_may_write, 0o040755, THEIRS, False),
        (others_may_write, 0o040770, THEIRS, True),
        (others_may_write, 0o040777, OURS, True),
        (others_may_write, 0o041777, OURS, True),
    ],
)
def test_others_are_the_users_outside_of_our_groups(
    may_others: Callable[[os.stat_result], bool], mode: int, group: int, answer: bool
) -> None:
    assert may_others(status(mode, group)) is answer
