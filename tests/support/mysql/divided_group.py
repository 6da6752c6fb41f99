"""A group of three MySQL servers, the first of which is in a network that can be cut off."""

import secrets
from dataclasses import replace
from uuid import uuid4

from support.divided_network import DividedNetwork
from support.mysql.group import SIZE, Group, a_process, member, member_options
from support.mysql.server import MySQLServer
from support.programs.processes import free_port


def divided_group(network: DividedNetwork) -> Group:
    """Start the group. The first member begins as the primary. The test reaches it even when the network is cut."""
    name, ports = str(uuid4()), [free_port() for _ in range(SIZE)]
    admin, owner = ("admin", secrets.token_hex(16)), ("doorward", f"p@ss/w:rd%{secrets.token_hex(12)}")
    hosts = [network.inside, *[network.outside] * (SIZE - 1)]

    def one(number: int) -> MySQLServer:
        options = member_options(number + 1, name, ports)
        process = a_process((*options, *in_network(number, hosts, ports)))
        if number == 0:
            process.command = [*network.command, *process.command]
        server = member(process, admin, owner)
        server.admin = replace(server.admin, host=network.open_inside if number == 0 else network.outside)
        return server

    return Group.formed(tuple(one(number) for number in range(SIZE)))


def in_network(number: int, hosts: list[str], ports: list[int]) -> tuple[str, ...]:
    """Return the options of a member by which it differs from one on loopback."""
    seeds = ",".join(f"{host}:{port}" for host, port in zip(hosts, ports, strict=True))
    return (
        "--bind-address=*",
        f"--report-host={hosts[number]}",
        f"--loose-group-replication-local-address={hosts[number]}:{ports[number]}",
        f"--loose-group-replication-group-seeds={seeds}",
        "--loose-group-replication-ip-allowlist=10.213.0.0/16",
    )


def url_in(network: DividedNetwork, group: Group, database: str) -> str:
    """Return the URL for services, with the address of the first member that can be cut off."""
    return group.url(database).replace(network.open_inside, network.inside)
