"""The file of a backup: private, whole, and never in the place of another one unasked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.infrastructure.backup.new_file import new_private_file


def write(path: Path, meanwhile: Callable[[], object]) -> None:
    with new_private_file(path, overwrite=False) as file:
        file.write(b"mine")
        meanwhile()


def interrupted() -> None:
    raise KeyboardInterrupt


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "doorward.backup"
    with new_private_file(path, overwrite=False) as file:
        file.write(b"whole")
        (part,) = tmp_path.iterdir()
        assert part.name.startswith(".doorward.backup.")
        assert part.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_remains_of_a_file_that_was_not_finished(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "doorward.backup", interrupted)
    assert list(tmp_path.iterdir()) == []


def test_a_name_in_use_is_refused_also_if_somebody_took_it_meanwhile(tmp_path: Path) -> None:
    path, link = tmp_path / "doorward.backup", tmp_path / "link"
    link.symlink_to(tmp_path / "missing")
    with pytest.raises(FileExistsError):
        write(link, interrupted)
    with pytest.raises(FileExistsError):
        write(path, lambda: path.write_bytes(b"theirs"))
    assert path.read_bytes() == b"theirs"
    assert {each.name for each in tmp_path.iterdir()} == {path.name, link.name}


def test_a_file_is_overwritten_when_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "doorward.backup"
    path.write_bytes(b"old")
    path.chmod(0o644)
    with new_private_file(path, overwrite=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
