"""A MySQL group whose primary is cut off from the others, with one node on its side and one on theirs."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from support.divided_network import DividedNetwork, divided_network
from support.faults.group_writes import applied, failures, until_written
from support.faults.judged import judged
from support.faults.workload import SETTINGS
from support.http.database_shell import run_sql
from support.http.service import somebody
from support.mysql.divided_group import divided_group, url_in
from support.mysql.group import Group
from support.mysql.package import NoServerError
from support.programs.command_line import DOORWARD, Doorward
from support.programs.processes import eventually, free_port
from support.programs.server_process import Server, server_in, serving

pytestmark = pytest.mark.full

SECRET = "one secret of every node of this test, 6bc1bee22e409f96"
LOST = [f"lost-{number}" for number in range(5)]
"""Who signs up on the side of the minority."""


class ServerInside(Server):
    """A node in the network that can be cut off."""

    address = ""

    @property
    def host(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class Divided:
    network: DividedNetwork
    group: Group
    outside: Server
    inside: Server


@pytest.fixture
def divided(tmp_path: Path) -> Iterator[Divided]:
    """The group, and two nodes that name all of its members."""
    with ExitStack() as stack:
        network = stack.enter_context(divided_network())
        try:
            group = divided_group(network)
        except NoServerError as error:
            pytest.skip(f"no MySQL server: {error}")
        stack.callback(group.stop)
        url = url_in(network, group, group.fresh_database())
        settings = {**SETTINGS, "database_url": url, "secret_key": SECRET, "issuer": "http://127.0.0.1"}
        outside = stack.enter_context(serving(server_in(tmp_path / "outside", **settings)))
        inside = inside_of(network, tmp_path / "inside", settings)
        yield Divided(network, group, outside, stack.enter_context(serving(inside)))


def inside_of(network: DividedNetwork, folder: Path, settings: dict[str, str]) -> Server:
    folder.mkdir()
    port = free_port()
    listening = {"host": "0.0.0.0", "behind_tls_proxy": "true", "allowed_hosts": network.open_inside}
    doorward = Doorward.patient(folder, port=str(port), **listening, **settings)
    server = ServerInside(port, replace(doorward, program=network.program(DOORWARD, folder)))
    server.address = network.open_inside
    return server


def test_a_primary_that_is_cut_off_takes_no_writes_and_no_name_is_given_twice(divided: Divided) -> None:
    """F-07: I2 and I4 hold for all that either side acknowledged."""
    network, group, inside = divided.network, divided.group, divided.inside
    first = group.primary
    nodes = [divided.outside, inside]
    with judged(nodes, idle=partial(applied, group)) as load:
        cut_off = monotonic()
        network.cut()
        group.wait_primary(first)
        until_written(load, cut_off)
        eventually(lambda: inside.request("GET", "/health/ready").status_code == 503)
        refused = [inside.request("POST", "/api/auth/signup", json=somebody(name)) for name in LOST]
        assert {answer.status_code for answer in refused} == {503}
        network.heal()
        group.rejoin(first)
        load.until_working()
        eventually(lambda: inside.request("GET", "/health/ready").status_code == 200)
    assert failures(load) <= {503}
    assert run_sql(divided.outside, "SELECT username FROM users WHERE username LIKE 'lost-%'") == []
