"""Three MySQL servers in group replication with one primary, for tests of failures that take more than one server.

Each member is a `MySQLServer` and so can be paused, killed, terminated and started. A member that was started again
stays outside of the group until `rejoin`: it is OFFLINE, and it can be written to.
"""

import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import quote
from uuid import uuid4

from support.mysql.process import ServerProcess
from support.mysql.server import PREFIX, Account, MySQLServer, Rows, installed, package
from support.programs.processes import eventually, free_port

SIZE = 3

SMALL = (
    "--innodb-buffer-pool-size=64M",
    "--innodb-flush-log-at-trx-commit=2",
    "--loose-innodb-flush-method=nosync",
    "--sync-binlog=0",
    "--performance-schema-instrument=%=OFF",
    "--performance-schema-max-table-instances=200",
    "--performance-schema-max-table-handles=200",
    "--performance-schema-digests-size=0",
)
"""The members need the performance schema, which has the table of the members, and little of it."""


def member_options(number: int, name: str, ports: Sequence[int]) -> tuple[str, ...]:
    """Return the options of a member, counted from 1. `ports` are those on which the members talk to each other."""
    seeds = ",".join(f"127.0.0.1:{port}" for port in ports)
    return (
        *SMALL,
        f"--server-id={number}",
        "--gtid-mode=ON",
        "--enforce-gtid-consistency=ON",
        "--log-bin=binlog",
        "--report-host=127.0.0.1",
        "--plugin-load-add=group_replication.so",
        "--plugin-load-add=mysql_clone.so",
        f"--loose-group-replication-group-name={name}",
        "--loose-group-replication-start-on-boot=OFF",
        f"--loose-group-replication-local-address=127.0.0.1:{ports[number - 1]}",
        f"--loose-group-replication-group-seeds={seeds}",
        "--loose-group-replication-recovery-get-public-key=ON",
        "--loose-group-replication-ip-allowlist=127.0.0.1/8",
        "--loose-group-replication-exit-state-action=OFFLINE_MODE",
        "--loose-group-replication-autorejoin-tries=3",
        "--loose-group-replication-unreachable-majority-timeout=5",
        "--loose-group-replication-member-expel-timeout=0",
        "--loose-group-replication-consistency=BEFORE_ON_PRIMARY_FAILOVER",
    )


@dataclass(slots=True, kw_only=True)
class Group:
    """`members` are in the order in which they joined; the first one begins as the primary."""

    members: tuple[MySQLServer, ...]
    databases: set[str] = field(default_factory=set)

    @classmethod
    def start(cls, size: int = SIZE) -> Self:
        """Return a group of which all members are ONLINE. Raise NoServerError when there is no MySQL here."""
        name, ports = str(uuid4()), [free_port() for _ in range(size)]
        with ThreadPoolExecutor(size) as threads:
            numbers = range(1, size + 1)
            processes = list(threads.map(lambda number: a_process(member_options(number, name, ports)), numbers))
        admin, owner = ("admin", secrets.token_hex(16)), ("doorward", f"p@ss/w:rd%{secrets.token_hex(12)}")
        return cls.formed(tuple(member(process, admin, owner) for process in processes))

    @classmethod
    def formed(cls, members: tuple[MySQLServer, ...]) -> Self:
        """Return a group of these servers, which do not run yet, with all of them ONLINE."""
        group = cls(members=members)
        try:
            group._form()
        except BaseException:
            group.stop()
            raise
        return group

    def _form(self) -> None:
        with ThreadPoolExecutor(len(self.members)) as threads:
            list(threads.map(MySQLServer.start, self.members))
        first, owner = self.members[0], self.members[0].owner
        bootstrap(first)
        pattern = PREFIX.replace("_", r"\_") + "%"
        first.sql(
            f"CREATE USER '{owner.user}'@'%' IDENTIFIED BY '{owner.password}'",
            f"GRANT ALL ON `{pattern}`.* TO '{owner.user}'@'%'",
            f"GRANT SELECT ON performance_schema.replication_group_members TO '{owner.user}'@'%'",
        )
        for other in self.members[1:]:
            join(other)
        self.wait_online()

    @property
    def primary(self) -> MySQLServer:
        """Return the member that takes writes, as the members that answer see it."""
        rows = self.status()
        ports = {port for port, state, role in rows if (state, role) == ("ONLINE", "PRIMARY")}
        return next(each for each in self.members if each.admin.port in ports)

    @property
    def secondaries(self) -> tuple[MySQLServer, ...]:
        primary = self.primary
        return tuple(each for each in self.members if each is not primary)

    def status(self) -> Rows:
        """Return port, state and role of each member as the largest part of the group sees them."""
        seen = [status(each) for each in self.members if each.process is not None and each.process.pid is not None]
        return max(seen, key=lambda rows: sum(state == "ONLINE" for _, state, _ in rows), default=[])

    def wait_online(self, members: Iterable[MySQLServer] | None = None) -> None:
        """Return when these members, or all, are ONLINE in one group."""
        ports = {each.admin.port for each in (self.members if members is None else members)}
        eventually(lambda: ports <= {port for port, state, _ in self.status() if state == "ONLINE"})

    def wait_primary(self, other_than: MySQLServer | None = None) -> MySQLServer:
        """Return the primary as soon as the group has one, and it is another one than that."""
        found: list[MySQLServer] = []

        def elected() -> bool:
            with suppress(StopIteration):
                found[:] = [self.primary]
            return bool(found) and found[0] is not other_than

        eventually(elected)
        return found[0]

    def wait_applied(self) -> None:
        """Return when all members that are ONLINE have applied what the primary has committed."""
        ((known,),) = self.primary.sql("SELECT @@GLOBAL.gtid_executed")
        for each in self.secondaries:
            if (each.admin.port, "ONLINE") in {(port, state) for port, state, _ in status(each)}:
                each.sql(f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{known}', 60)")

    def switch(self, member: MySQLServer) -> None:
        """Make the member the primary in an orderly way. It returns when it is."""
        if self.primary is not member:
            ((uuid,),) = member.sql("SELECT @@server_uuid")
            self.primary.sql(f"SELECT group_replication_set_as_primary('{uuid}')")

    def rejoin(self, member: MySQLServer) -> None:
        """Start the member, if it does not run, and have it join the group. If it has what the group never had, which
        keeps it out, its data are replaced by those of the primary."""
        member.restore()
        if (member.admin.port, "ONLINE") in {(port, state) for port, state, _ in status(member)}:
            return
        quietly(member, "STOP GROUP_REPLICATION")
        donor = self.primary
        ((known,),) = donor.sql("SELECT @@GLOBAL.gtid_executed")
        ((strange,),) = member.sql(f"SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '{known}')")
        if strange:
            clone(member, donor)
        join(member)
        self.wait_online([member])

    def restore(self) -> None:
        """Have all members ONLINE again and the first one primary, whatever was done to them."""
        for each in self.members:
            each.restore()
        if not any(state == "ONLINE" for _, state, _ in self.status()):
            bootstrap(self.members[0])
        for each in self.members:
            self.rejoin(each)
        self.switch(self.members[0])

    def url(self, database: str, members: Sequence[MySQLServer] | None = None) -> str:
        """Return a URL with these members, or all, as its hosts."""
        owner = self.members[0].owner
        hosts = ",".join(f"{each.admin.host}:{each.admin.port}" for each in members or self.members)
        return f"mysql://{quote(owner.user, safe='')}:{quote(owner.password, safe='')}@{hosts}/{database}"

    def fresh_database(self) -> str:
        """Return the name of an empty database of the group."""
        name = PREFIX + secrets.token_hex(6)
        self.primary.sql(f"CREATE DATABASE {name}")
        self.databases.add(name)
        return name

    def drop(self, name: str) -> None:
        self.primary.sql(f"DROP DATABASE IF EXISTS {name}")
        self.databases.discard(name)

    def stop(self) -> None:
        with ThreadPoolExecutor(len(self.members)) as threads:
            list(threads.map(MySQLServer.stop, self.members))


def a_process(options: Sequence[str]) -> ServerProcess:
    """Return a server that is not yet started. A MariaDB does not start with these options."""
    return installed(options) or package(options)


def member(process: ServerProcess, admin: tuple[str, str], owner: tuple[str, str]) -> MySQLServer:
    """Return a member with the accounts that all members have. Its own are no transaction of the group."""
    process.admin = admin
    accounts = process.folder / "accounts.sql"
    accounts.write_text(
        "SET sql_log_bin = 0;\n"
        f"CREATE USER IF NOT EXISTS '{admin[0]}'@'%' IDENTIFIED BY '{admin[1]}';\n"
        f"GRANT ALL ON *.* TO '{admin[0]}'@'%' WITH GRANT OPTION;\n"
    )
    account = Account(host="127.0.0.1", port=process.port, user=admin[0], password=admin[1])
    return MySQLServer(
        admin=account,
        owner=replace(account, user=owner[0], password=owner[1]),
        origin=process.origin,
        process=process,
    )


def bootstrap(first: MySQLServer) -> None:
    """Make a group of this server alone."""
    quietly(first, "SET GLOBAL group_replication_bootstrap_group = ON")
    join(first)
    quietly(first, "SET GLOBAL group_replication_bootstrap_group = OFF")


def join(member: MySQLServer) -> None:
    user, password = member.admin.user, member.admin.password
    quietly(member, f"START GROUP_REPLICATION USER = '{user}', PASSWORD = '{password}'")


def quietly(server: MySQLServer, *statements: str) -> Rows:
    """Run the statements without the server's warnings about what it will do otherwise in later versions. The driver
    would raise them in tests."""
    return server.sql("SET SESSION max_error_count = 0", *statements)


def clone(member: MySQLServer, donor: MySQLServer) -> None:
    """Replace all data of the member by those of the donor. The member shuts down for that, and is started again."""
    user, password = donor.admin.user, donor.admin.password
    address = f"127.0.0.1:{donor.admin.port}"
    member.sql("SET GLOBAL super_read_only = OFF", f"SET GLOBAL clone_valid_donor_list = '{address}'")
    with suppress(Exception):  # that it cannot start itself again is an error, and so is the end of the connection
        member.sql(f"CLONE INSTANCE FROM '{user}'@'127.0.0.1':{donor.admin.port} IDENTIFIED BY '{password}'")
    assert member.process is not None
    eventually(member.process.has_died)
    member.start()


def status(member: MySQLServer) -> Rows:
    """Return port, state and role of each member as this one sees them."""
    return member.sql(
        "SELECT member_port, member_state, member_role FROM performance_schema.replication_group_members ORDER BY 1"
    )
