import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.programs.command_line import Doorward


@pytest.fixture
def doorward(tmp_path: Path) -> Doorward:
    """A fresh installation: nothing migrated, no settings but where its data goes."""
    return Doorward.patient(tmp_path)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Doorward:
    """One installation with an empty, migrated database for all tests of a file: use names of your own."""
    program = Doorward.patient(tmp_path_factory.mktemp("migrated"))
    assert program("migrate").returncode == 0
    return program


@pytest.fixture
def without_pynacl(doorward: Doorward) -> Doorward:
    """Where a module that cannot be imported stands before PyNaCl's."""
    folder = doorward.folder / "before"
    folder.mkdir()
    (folder / "nacl.py").write_text("raise ModuleNotFoundError(\"No module named 'nacl'\")\n")
    return doorward.having(PYTHONPATH=str(folder))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell runs in the background ignores Ctrl-C, what nohup runs the end of its terminal, and so would all
    that the tests start there."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
