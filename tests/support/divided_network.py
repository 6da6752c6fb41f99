"""A second network on this machine, whose connection to the database servers outside of it can be cut.

It takes the rights of root. Packets are lost while the connection is cut, and nobody is told.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class DividedNetwork:
    name: str
    number: int
    """Of its addresses, a multiple of two."""

    @property
    def inside(self) -> str:
        """The address of servers inside."""
        return f"10.213.{self.number}.1"

    @property
    def outside(self) -> str:
        """The address of servers outside."""
        return f"10.213.{self.number}.2"

    @property
    def open_inside(self) -> str:
        """A second address inside, which the test reaches even when the connection is cut."""
        return f"10.213.{self.number + 1}.1"

    @property
    def command(self) -> tuple[str, ...]:
        """What is put in front of a command that runs inside."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Lose all packets between inside and outside."""
        self._ip(f"link set {self.name}c down")

    def heal(self) -> None:
        self._ip(f"link set {self.name}c up")

    def program(self, program: str, folder: Path) -> str:
        """Return a program that runs that program inside."""
        path = folder / "inside"
        path.write_text(f'#!/bin/sh\nexec {" ".join(self.command)} {program} "$@"\n', "utf-8")
        path.chmod(0o700)
        return str(path)

    def make(self) -> None:
        """The servers outside listen at a bridge. It has a second cable, which leads nowhere: MySQL's group replication
        does not find its own address, and expels nobody, when the only cable is pulled."""
        name, inner = self.name, f"-n {self.name}"
        self._ip(f"netns add {name}")
        self._ip(f"link add {name}b type bridge")
        self._ip(f"addr add {self.outside}/24 dev {name}b")
        self._ip(f"link add {name}c type veth peer name cable netns {name}")
        self._ip(f"link set {name}c master {name}b")
        self._ip(f"link add {name}e type veth peer name {name}f")
        self._ip(f"link set {name}e master {name}b")
        self._ip(f"link add {name}o type veth peer name open netns {name}")
        self._ip(f"addr add 10.213.{self.number + 1}.2/24 dev {name}o")
        self._ip(f"{inner} addr add {self.inside}/24 dev cable")
        self._ip(f"{inner} addr add {self.open_inside}/24 dev open")
        for device in "bcoef":
            self._ip(f"link set {name}{device} up")
        for device in ("lo", "cable", "open"):
            self._ip(f"{inner} link set {device} up")

    def remove(self) -> None:
        for command in (f"netns del {self.name}", *(f"link del {self.name}{device}" for device in "bcoe")):
            subprocess.run(["ip", *command.split()], capture_output=True, check=False)

    def _ip(self, command: str) -> None:
        done = subprocess.run(["ip", *command.split()], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"ip {command}: {done.stderr.strip()}")


@contextmanager
def divided_network() -> Iterator[DividedNetwork]:
    """Make the network, and remove it in the end. Skip the test where that cannot be done."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("a network of its own takes root and the program `ip`")
    network = DividedNetwork(f"dw{secrets.token_hex(3)}", 2 * secrets.randbelow(127))
    try:
        try:
            network.make()
        except OSError as error:
            pytest.skip(f"no network of its own can be made here: {error}")
        yield network
    finally:
        network.remove()
