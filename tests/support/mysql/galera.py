"""Three MariaDB servers in a Galera cluster, on 127.0.0.1. All of them take writes, and two that changed one row find
out when one of them commits."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from support.mysql.distribution import NotUnpacked, cache_directory, unpack
from support.mysql.package import NoServerError, ServerProgram, unpacked
from support.mysql.process import QUICK, ServerProcess, prepare
from support.mysql.server import Account, MySQLServer
from support.programs.processes import eventually, free_port

SIZE = 3
PACKAGES = ("galera-4",)
PROVIDER = "usr/lib/galera/libgalera_smm.so"
QUICK_TO_NOTICE = (
    "evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S;evs.install_timeout=PT4S"
)

OWN = shutil.ignore_patterns("galera.cache", "gvwstate.dat", "server.sock", "*.pid")

NO_COPY = """#!/bin/sh
# A method to copy a member that copies nothing.
while [ $# -gt 0 ]; do
  case $1 in
    --role) role=$2 ;;
    --address) address=$2 ;;
    --gtid) position=$2 ;;
    --datadir) data=$2 ;;
  esac
  shift
done
if [ "$role" = joiner ]; then
  echo "ready $address"
  sed -n 's/^uuid: *//p; s/^seqno: */:/p' "$data/grastate.dat" | tr -d '\\n'
else
  echo "done $position"
fi
"""


@dataclass(slots=True, kw_only=True)
class Galera:
    members: tuple[MySQLServer, ...]

    @classmethod
    def start(cls, size: int = SIZE) -> Self:
        """Return a cluster of which all members are synced. Raise NoServerError when it cannot be had here."""
        program, library = mariadb(), provider()
        ports, password = [free_port() for _ in range(2 * size)], secrets.token_hex(16)
        processes = [prepare(program, (*QUICK, *member_options(library, ports, each))) for each in range(size)]
        for process in processes:
            script = process.folder / "wsrep_sst_nothing"
            script.write_text(NO_COPY)
            script.chmod(0o700)
            process.command[:0] = ["/usr/bin/env", f"PATH={process.folder}:{os.defpath}"]
        cluster = cls(members=tuple(member(process, password) for process in processes))
        try:
            cluster._begin(processes)
            for server in cluster.members:
                server.start()
                eventually(lambda server=server: is_synced(server))  # type: ignore[misc]
        except BaseException:
            cluster.stop()
            raise
        return cluster

    def _begin(self, processes: Sequence[ServerProcess]) -> None:
        """Give all members the data of a cluster of the first one alone, so that a member that joins gets only what was
        written since."""
        first = self.members[0]
        first.start()
        eventually(lambda: is_synced(first))
        first.terminate()
        for process in processes[1:]:
            shutil.rmtree(process.folder / "data")
            shutil.copytree(processes[0].folder / "data", process.folder / "data", ignore=OWN)

    def stop(self) -> None:
        for server in reversed(self.members):
            server.stop()


def mariadb() -> ServerProgram:
    """Return the distribution's MariaDB."""
    try:
        program = unpacked(cache_directory())
    except NotUnpacked as error:
        raise NoServerError(str(error)) from error
    if not program.is_mariadb():
        raise NoServerError("the distribution's server is not MariaDB")
    return program


def provider() -> Path:
    """Return the library of the cluster, from the distribution's package."""
    try:
        home = cache_directory() / "galera"
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (home / "root" / PROVIDER).exists():
                unpack(PACKAGES, home)
    except (OSError, NotUnpacked) as error:
        raise NoServerError(f"Galera could not be had: {error}") from error
    return home / "root" / PROVIDER


def member_options(library: Path, ports: Sequence[int], number: int) -> tuple[str, ...]:
    """Return the options of a member, counted from 0. The first one begins the cluster."""
    port, copies = ports[2 * number], ports[2 * number + 1]
    others = "" if number == 0 else f"127.0.0.1:{ports[0]}"
    return (
        "--wsrep-on=ON",
        f"--wsrep-provider={library}",
        f"--wsrep-cluster-address=gcomm://{others}",
        f"--wsrep-node-address=127.0.0.1:{port}",
        f"--wsrep-node-name=member{number}",
        "--wsrep-sst-method=nothing",
        f"--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{port};base_port={port};"
        f"ist.recv_addr=127.0.0.1:{copies};gcache.size=16M;pc.recovery=false;{QUICK_TO_NOTICE}",
        "--binlog-format=ROW",
        "--innodb-autoinc-lock-mode=2",
    )


def member(process: ServerProcess, password: str) -> MySQLServer:
    """Return a member whose account is no transaction of the cluster."""
    process.admin = ("admin", password)
    (process.folder / "accounts.sql").write_text(
        "SET wsrep_on = OFF;\n"
        f"CREATE USER IF NOT EXISTS 'admin'@'%' IDENTIFIED BY '{password}';\n"
        "GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION;\n"
    )
    account = Account(host="127.0.0.1", port=process.port, user="admin", password=password)
    return MySQLServer(admin=account, owner=account, origin=process.origin, process=process)


def is_synced(server: MySQLServer) -> bool:
    return status(server)["wsrep_local_state_comment"] == "Synced"


def size_seen_by(server: MySQLServer) -> int:
    """Return how many members that one sees; 0 if they are no majority."""
    known = status(server)
    return int(known["wsrep_cluster_size"]) if known["wsrep_cluster_status"] == "Primary" else 0


def status(server: MySQLServer) -> dict[str, str]:
    return {str(name): str(value) for name, value in server.sql("SHOW STATUS LIKE 'wsrep%'")}
