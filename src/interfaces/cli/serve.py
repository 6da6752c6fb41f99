"""`doorward serve`: everything that can refuse does so here, in one line, before anything is served.

A start takes as long as its imports. They happen once: in this process, from which workers are forked, or in the only
worker.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click

from doorward.infrastructure.settings.data_dir import make_data_dir
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.web_addresses import bracketed, is_loopback
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.interfaces.cli.listening import refuse_taken
from doorward.interfaces.cli.running import current_settings


@click.command()
@click.option("--migrate", "migrates", is_flag=True, help="Bring the database to this version's schema first.")
@click.option("--port", metavar="PORT", help="Listen there, whatever DOORWARD_PORT says.")
def serve(migrates: bool, port: str | None) -> None:  # noqa: FBT001 click's flag
    """Run the service until SIGTERM or SIGINT; requests at hand are finished."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    settings = current_settings({} if port is None else {"DOORWARD_PORT": port})
    refuse_taken(settings.host, settings.port)
    make_data_dir(settings.data_dir)
    with metrics_folder(settings):
        sys.exit(start(settings, stop, migrates=migrates))


def start(settings: Settings, stop: "Stop", *, migrates: bool) -> int:
    import structlog  # noqa: PLC0415 heavy

    from doorward.infrastructure.log.configure import configure_logging, flush  # noqa: PLC0415 heavy
    from doorward.interfaces.cli.supervisor import UNUSABLE, serve_until_stopped  # noqa: PLC0415 heavy

    configure_logging(settings)
    prepare = partial(prepared, settings, migrates=migrates)
    alone = prepares_in_its_worker(settings)
    if not alone:
        prepare()
    flush()  # no thread may be alive when workers are forked
    stop.leave_if_asked()
    code = serve_until_stopped(settings, build, prepare if alone else None)
    if code != UNUSABLE:
        structlog.get_logger().info("sys_shutdown", exit_code=code)
    return code


def prepares_in_its_worker(settings: Settings) -> bool:
    """Several workers are forked from a parent that has imported everything, so that they share it. Where there is one,
    it imports everything itself: a parent that only watches over it would keep for ever what nobody shares with it."""
    return sys.platform == "linux" and settings.workers == 1


def prepared(settings: Settings, *, migrates: bool) -> None:
    """All that may refuse a start, and a word to whoever started it. Raise StartRefused."""
    import structlog  # noqa: PLC0415 heavy

    import doorward.interfaces.main  # noqa: F401, PLC0415 heavy; for workers to share
    from doorward.interfaces.cli.first_steps import first_steps  # noqa: PLC0415 heavy

    has_admin = asyncio.run(first_steps(settings, migrates=migrates))
    for line in banner(settings, has_admin=has_admin):
        click.echo(line, err=True)
    structlog.get_logger().info("sys_startup", version=version("doorward"), workers=settings.workers)


def build(settings: Settings) -> Any:
    from doorward.interfaces.main import build  # noqa: PLC0415 heavy

    return build(settings)


class Stop:
    """A stop that was asked for while starting is no failure. The signal may come where no exception gets through, as
    in a destructor while modules are imported; so it is remembered, too."""

    def __init__(self) -> None:
        self._asked = False

    def __call__(self, *_: object) -> NoReturn:
        self._asked = True
        sys.exit(0)

    def leave_if_asked(self) -> None:
        if self._asked:
            sys.exit(0)


def banner(settings: Settings, *, has_admin: bool) -> Iterator[str]:
    here = f"http://{bracketed(settings.host)}:{settings.port}"
    yield f"Doorward {version('doorward')} listens on {here}"
    if settings.docs:
        yield f"  docs:     {settings.public_url}/docs"
    yield f"  data:     {settings.data_dir}"
    yield f"  database: {DatabaseUrl.parse(settings.database_url).masked}"
    if not is_loopback(settings.host) and is_loopback(urlsplit(settings.public_url).hostname or ""):
        yield "  careful:  without DOORWARD_PUBLIC_URL only loopback names are answered, everybody else gets 421"
    if not has_admin:
        yield f"  no admin yet: {command()} users create NAME --email EMAIL --role admin"


def command() -> str:
    """How to call this program from here."""
    called = Path(sys.argv[0]).absolute()
    if shutil.which("doorward") == str(called) or not called.is_relative_to(Path.cwd()):
        return "doorward"
    return str(called.relative_to(Path.cwd()))


@contextlib.contextmanager
def metrics_folder(settings: Settings) -> Iterator[None]:
    """Where several workers count together; before prometheus_client is imported, since it looks then.

    Whoever uses such a folder holds a lock on it, until the last of its processes is gone. One without a lock was left
    behind by a service that was killed.
    """
    for folder in settings.data_dir.glob("metrics-*"):
        with contextlib.suppress(OSError), locked(folder):
            shutil.rmtree(folder)
    if settings.workers == 1:
        yield
        return
    made = Path(tempfile.mkdtemp(prefix=f"metrics-{os.getpid()}-", dir=settings.data_dir))
    with locked(made):
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(made)
        try:
            yield
        finally:
            shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Raise OSError when another service has it. Workers inherit the lock."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
