"""Servers whose clock the test moves, by libfaketime."""

from pathlib import Path
from subprocess import DEVNULL

import httpx2
import pytest

from support.programs.processes import eventually
from support.programs.server_process import Server, server_in


def libfaketime() -> str:
    """The library, or a skip where it is not installed."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        pytest.skip("needs libfaketime, Debian's package faketime")
    return str(found[0])


class ClockFile:
    """Tells the processes of a server how far their clock is from the right one. Their monotonic clock stays right."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "clock"
        self.set(0)

    def set(self, seconds: int) -> None:
        """Move the clock. It counts from the next look at it."""
        new = self.path.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self.path)

    def for_server(self, folder: Path, **settings: str) -> Server:
        """A server of this clock that does not run yet."""
        server = server_in(folder, **settings)
        server.doorward = server.doorward.having(
            LD_PRELOAD=libfaketime(),
            FAKETIME_TIMESTAMP_FILE=str(self.path),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
        )
        server.imports_anew = True  # a fork has loaded its libraries already
        return server


def start_unready(server: Server) -> None:
    """Start a server, and return when it answers, whether it is ready or not."""
    with (server.folder / "output").open("ab") as output:
        server.process = server.doorward.start("serve", stdin=DEVNULL, stdout=output, stderr=output)

    def lives() -> bool:
        assert server.process.poll() is None, f"The server ended:\n{server.output}"
        try:
            return server.request("GET", "/health/live").status_code == 200
        except httpx2.TransportError:
            return False

    eventually(lives)
