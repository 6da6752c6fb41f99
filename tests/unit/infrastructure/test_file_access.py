import os

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
    ("mode", "group", "shared"),
    [
        (0o100600, THEIRS, False),
        (0o100440, OURS, False),
        (0o100660, OURS, False),
        (0o100640, THEIRS, True),
        (0o100620, THEIRS, True),
        (0o100604, OURS, True),
        (0o100601, OURS, True),
    ],
)
def test_a_file_is_shared_when_users_outside_of_our_groups_may_access_it(mode: int, group: int, shared: bool) -> None:
    assert others_may_access(status(mode, group)) is shared


@pytest.mark.parametrize(
    ("mode", "group", "open_to_others"),
    [
        (0o040700, THEIRS, False),
        (0o042775, OURS, False),
        (0o040755, THEIRS, False),
        (0o040770, THEIRS, True),
        (0o040777, OURS, True),
        (0o041777, OURS, True),
    ],
)
def test_a_directory_is_open_when_users_outside_of_our_groups_may_write_it(
    mode: int, group: int, open_to_others: bool
) -> None:
    assert others_may_write(status(mode, group)) is open_to_others
