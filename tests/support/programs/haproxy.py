"""HAProxy in front of two nodes, with the file of deploy/."""

import csv
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.http.tls_proxy import certificate
from support.programs.processes import PATIENCE, eventually, free_port
from support.programs.proxies import HAPROXY, Place, Proxy, haproxy_arguments, proxying
from support.programs.server_process import Server

NAMES = ("one", "two")
"""The nodes in the file."""


@dataclass(frozen=True, slots=True)
class HAProxy:
    """A running HAProxy. Clients call `url`, and `control` is its socket for the operator."""

    url: str
    control: Path

    def command(self, text: str) -> str:
        """Return the answer to a command of the operator."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.control))
            connection.sendall(f"{text}\n".encode())
            return b"".join(iter(lambda: connection.recv(65_536), b"")).decode()

    def field(self, node: int, name: str) -> str:
        """Return what HAProxy knows about a node, such as `status` or `scur`, the requests in progress."""
        rows = csv.DictReader(self.command("show stat").removeprefix("# ").splitlines())
        return next(row[name] for row in rows if (row["pxname"], row["svname"]) == ("doorward", NAMES[node]))

    def take_out(self, node: int) -> None:
        """Send no more requests to the node, and return when it has answered all."""
        self.command(f"set server doorward/{NAMES[node]} state drain")
        eventually(lambda: self.field(node, "scur") == "0")

    def take_back(self, node: int) -> None:
        """Send requests to the node again, and return when HAProxy has found it ready."""
        self.command(f"set server doorward/{NAMES[node]} state ready")
        self.wait_for(node)

    def wait_for(self, node: int) -> None:
        """Return when HAProxy has found the node ready."""
        eventually(lambda: self.field(node, "status") == "UP")


@contextmanager
def behind_haproxy(nodes: Sequence[Server], folder: Path) -> Iterator[HAProxy]:
    """HAProxy in front of these two nodes, until the block ends. Skip the test if HAProxy is not installed."""
    program = HAPROXY.find()
    if program is None:
        pytest.skip("haproxy is not installed")
    ports = [node.port for node in nodes]
    place = Place(folder, free_port(), ports[0], certificate(folder))
    proxy = Proxy("haproxy", lambda at: haproxy_arguments(at, ports))
    with proxying(proxy, program, place):
        found = HAProxy(f"https://127.0.0.1:{place.port}", folder / "admin.sock")
        for node in range(len(nodes)):
            found.wait_for(node)
        yield found
