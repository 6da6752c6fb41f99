"""A PostgreSQL server of the tests' own, where one is installed. Doorward itself does not use it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from support.programs.processes import free_port

TIMEOUT_SECONDS = 120
PACKAGES = Path("/usr/lib/postgresql")


def ordinary_user() -> str | None:
    """Return whom to run the server as: nobody else, except for root, whom PostgreSQL refuses."""
    return "postgres" if os.geteuid() == 0 else None


def program(name: str) -> str | None:
    """Return the path of a program of PostgreSQL. Debian's packages keep them out of PATH, one folder per version."""
    packaged = sorted(PACKAGES.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, packaged)]))


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The URL of an empty database. Skip the test if there is no server."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("NO POSTGRESQL HERE")
    user, port, data = ordinary_user(), free_port(), folder / "data"
    folder.mkdir()
    if user is not None:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        subprocess.run(command, user=user, cwd=folder, check=True, timeout=TIMEOUT_SECONDS, stdout=subprocess.DEVNULL)

    run(initdb, "-D", str(data), "-U", "doorward", "--auth=trust", "--no-sync", "--encoding=UTF8")
    options = f"-h 127.0.0.1 -p {port} -c fsync=off -k {folder}"
    run(pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://doorward:none@127.0.0.1:{port}/postgres"
    finally:
        run(pg_ctl, "-D", str(data), "-w", "-m", "immediate", "stop")


def run_postgresql(url: str, *statements: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+pg8000://"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()
