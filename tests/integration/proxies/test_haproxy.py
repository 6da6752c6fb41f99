"""HAProxy in front of a MySQL group replication, with the file of deploy/."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

import pytest
from asyncmy.errors import MySQLError

from support.mysql.group import Group
from support.mysql.server import Account
from support.programs.processes import PATIENCE, eventually, free_port
from support.programs.proxies import HAPROXY, adapted

pytestmark = pytest.mark.full

ADDRESSES = ("10.0.0.11:3306", "10.0.0.12:3306", "10.0.0.13:3306")


@pytest.fixture
def account(mysql_group: Group, tmp_path: Path) -> Iterator[Account]:
    """The admin of the group, who signs in through HAProxy."""
    program = HAPROXY.find()
    if program is None:
        pytest.skip("haproxy is not installed")
    mysql_group.primary.sql(
        "CREATE USER IF NOT EXISTS 'haproxy'@'127.0.0.1' IDENTIFIED WITH caching_sha2_password BY '' "
        "WITH MAX_USER_CONNECTIONS 6",
        "GRANT SELECT ON performance_schema.replication_group_members TO 'haproxy'@'127.0.0.1'",
    )
    through = replace(mysql_group.members[0].admin, port=free_port())
    members = (f"127.0.0.1:{member.admin.port}" for member in mysql_group.members)
    changes = {"bind 127.0.0.1:3306": f"bind 127.0.0.1:{through.port}", **dict(zip(ADDRESSES, members, strict=True))}
    file = tmp_path / "haproxy.cfg"
    file.write_text(adapted("haproxy/mysql-group.cfg", changes), "utf-8")
    with (tmp_path / "output").open("wb") as output:
        process = Popen([program, "-db", "-f", str(file)], stdin=DEVNULL, stdout=output, stderr=STDOUT)
    try:
        yield through
    finally:
        process.terminate()
        process.wait(PATIENCE)


def reached(account: Account) -> int:
    """The port of the server that the account reaches; 0 if it reaches none."""
    try:
        ((port,),) = account.execute("SELECT @@port")
    except (MySQLError, OSError):
        return 0
    return int(port)


def test_it_leads_to_the_primary_and_never_to_a_member_outside_of_the_group(
    mysql_group: Group, account: Account
) -> None:
    """F-06: after a switchover, after a crash, and while the member that crashed can be written to and is outside."""
    first, second, _ = mysql_group.members
    eventually(lambda: reached(account) == first.admin.port)
    mysql_group.switch(second)
    eventually(lambda: reached(account) == second.admin.port)
    second.kill()
    mysql_group.wait_primary(second)
    eventually(lambda: reached(account) not in {0, second.admin.port})
    second.start()
    assert second.sql("SELECT @@GLOBAL.super_read_only") == [(0,)]
    third = mysql_group.primary
    assert {reached(account) for _ in range(20)} == {third.admin.port}
    third.pause()
    eventually(lambda: reached(account) == 0)
    third.resume()
    eventually(lambda: reached(account) == mysql_group.primary.admin.port)
