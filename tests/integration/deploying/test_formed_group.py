"""The script of the compose file with two nodes makes a group of real servers, which have that file's options."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from support.deploy_files import COMPOSE, compose
from support.mysql.group import SMALL, a_process, member, status
from support.mysql.package import NoServerError
from support.mysql.plugin import usable
from support.mysql.server import MySQLServer, Skipped
from support.programs.processes import eventually, free_port
from support.programs.proxies import DEPLOY

pytestmark = pytest.mark.full

NAMES = ("one", "two", "three")
HAPROXY = "10.0.0.10"
CLIENT = """#!{python}
# Stands for the client of MySQL, which is not in every package of its server.
import json, os, sys
sys.path.insert(0, {tests!r})
from support.mysql.server import Account
options = dict(each.split("=", 1) for each in sys.argv[1:] if "=" in each)
port, password = json.loads({ports!r})[options["--host"]], os.environ["MYSQL_PWD"]
account = Account(host="127.0.0.1", port=port, user="admin", password=password)
statements = ["SET SESSION max_error_count = 0", *filter(str.strip, sys.stdin.read().split(";"))]
for row in account.execute(*statements):
    print(*row, sep="\\t")
"""


@pytest.fixture
def servers() -> Iterator[Mapping[str, MySQLServer]]:
    """The three servers, each of which wrote something of its own while its data were made."""
    services, ports = compose(COMPOSE[1])["services"], {name: free_port() for name in NAMES}

    def started(name: str) -> MySQLServer:
        options = [here(option, ports) for option in services[name]["command"]]
        process = a_process([*SMALL, "--log-bin=binlog", *options])
        process.command[process.command.index("--no-defaults")] = "--defaults-file=/dev/null"  # reads what is persisted
        server = member(process, ("admin", "hunter2-of-root"), ("doorward", "unused"))
        server.start()
        server.sql(f"CREATE DATABASE made_by_{name}", "CREATE USER doorward IDENTIFIED BY 'hunter2-of-doorward'")
        return server

    try:
        with ThreadPoolExecutor(len(NAMES)) as threads:
            found = dict(zip(NAMES, threads.map(started, NAMES), strict=True))
    except NoServerError as error:
        usable(Skipped(reason=str(error)))
        raise
    yield found
    for server in found.values():
        server.stop()


def here(option: str, ports: Mapping[str, int]) -> str:
    """Return an option with addresses of this machine in the place of those in the compose file."""
    for number, name in enumerate(NAMES, 1):
        option = option.replace(f"10.0.0.1{number}:33061", f"127.0.0.1:{ports[name]}")
        option = option.replace(f"=10.0.0.1{number}", "=127.0.0.1")
    return option.replace("10.0.0.0/24", "127.0.0.1/8")


@pytest.fixture
def form(servers: Mapping[str, MySQLServer], tmp_path: Path) -> "Form":
    ports = json.dumps({name: server.admin.port for name, server in servers.items()})
    client = tmp_path / "mysql"
    client.write_text(CLIENT.format(python=sys.executable, tests=str(DEPLOY.parent / "tests"), ports=ports), "utf-8")
    client.chmod(0o700)
    return Form(tmp_path)


class Form:
    """Runs the script."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "MYSQL_ROOT_PASSWORD": "hunter2-of-root",
            "REPLICATION_PASSWORD": "hunter2-of-replication",
            "HAPROXY_ADDRESS": HAPROXY,
            **variables,
        }
        command = ["sh", str(DEPLOY / "compose" / "form-group.sh"), *NAMES]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def online(server: MySQLServer) -> int:
    return sum(state == "ONLINE" for _, state, _ in status(server))


def test_it_forms_a_group_once_and_again_after_all_members_were_down(
    servers: Mapping[str, MySQLServer], form: Form
) -> None:
    formed = form()
    assert formed.returncode == 0, formed.stderr[-2000:]
    assert formed.stdout.splitlines()[0] == "one: ONLINE"
    eventually(lambda: {online(server) for server in servers.values()} == {3})
    asked = f"SELECT COUNT(*) FROM mysql.user WHERE user = 'haproxy' AND host = '{HAPROXY}'"
    eventually(lambda: [server.sql(asked) for server in servers.values()] == [[(1,)]] * 3)
    own = replace(servers["two"].admin, user="doorward", password="hunter2-of-doorward")
    assert own.execute("SELECT COUNT(*) FROM performance_schema.replication_group_members") == [(3,)]

    assert form().stdout == "one: ONLINE\ntwo: ONLINE\nthree: ONLINE\n"

    servers["three"].kill()
    eventually(lambda: online(servers["one"]) == 2)
    servers["three"].start()
    eventually(lambda: online(servers["one"]) == 3)

    for name in ("three", "two", "one"):
        servers[name].kill()
    for server in servers.values():
        server.start()
    refused = form()
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Set FIRST_MEMBER" in refused.stderr
    again = form(FIRST_MEMBER="two")
    assert again.returncode == 0, again.stderr[-2000:]
    eventually(lambda: {online(server) for server in servers.values()} == {3})
    ((primary,),) = servers["one"].sql(
        "SELECT member_port FROM performance_schema.replication_group_members WHERE member_role = 'PRIMARY'"
    )
    assert primary == servers["two"].admin.port
