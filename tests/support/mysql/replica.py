"""A MySQL server and its replica, for tests of what a node does that reads the replica."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from support.mysql.process import QUICK
from support.mysql.server import MySQLServer, Skipped
from support.programs.processes import eventually

REPLICATED = ("--log-bin=binlog", "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--sync-binlog=0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    primary: MySQLServer
    replica: MySQLServer

    def fresh_database(self) -> tuple[str, str]:
        """Return the URLs of an empty database on the primary and on the replica."""
        url = self.primary.fresh_database()
        name = PurePosixPath(urlsplit(url).path).name
        eventually(lambda: self.replica.sql(f"SHOW DATABASES LIKE '{name}'"))
        return url, self.replica.owner.url(name)

    def stop_applying(self) -> None:
        """Let the replica receive changes and apply none."""
        self.replica.sql("STOP REPLICA SQL_THREAD")

    def apply(self) -> None:
        self.replica.sql("START REPLICA SQL_THREAD")


@contextmanager
def replicated() -> Iterator[Pair | Skipped]:
    """Start a primary and its replica for the block, or say why there are none."""
    options = [each for each in QUICK if each != "--skip-log-bin"]
    started: list[MySQLServer] = []
    try:
        for number in (1, 2):
            found = MySQLServer.find([*options, *REPLICATED, f"--server-id={number}"])
            if isinstance(found, Skipped) or not found.is_ours:
                yield found if isinstance(found, Skipped) else Skipped(reason="it takes two servers of our own")
                return
            started.append(found)
        primary, replica = started
        follow(primary, replica)
        yield Pair(primary=primary, replica=replica)
    finally:
        for server in started:
            server.stop()


def follow(primary: MySQLServer, replica: MySQLServer) -> None:
    """Make the replica apply what the primary does from now on. Each keeps the accounts that it has."""
    ((executed,),) = primary.sql("SELECT @@GLOBAL.gtid_executed")
    source = (
        f"SOURCE_HOST = '{primary.admin.host}', SOURCE_PORT = {primary.admin.port}, "
        f"SOURCE_USER = '{primary.admin.user}', SOURCE_PASSWORD = '{primary.admin.password}', "
        "SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1"
    )
    replica.sql(
        "RESET BINARY LOGS AND GTIDS",
        f"SET GLOBAL gtid_purged = '{executed}'",
        f"CHANGE REPLICATION SOURCE TO {source}",
        "START REPLICA",
        "SET GLOBAL super_read_only = ON",
    )
