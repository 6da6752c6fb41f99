"""`doorward serve`: check the start, and serve. A start that is refused prints one line and serves nothing.

A start spends nearly all of its time on imports. They happen once: in the parent, from which several workers are
forked, or in the only worker.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click

from doorward.infrastructure.settings.data_dir import make_data_dir, needs_data_dir
from doorward.infrastructure.settings.reachability import is_for_this_machine
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.settings.web_addresses import bracketed, is_loopback
from doorward.interfaces.cli.listening import reserved_address
from doorward.interfaces.cli.missing_packages import what_to_install
from doorward.interfaces.cli.output import EXIT_UNUSABLE
from doorward.interfaces.cli.running import current_settings


@click.command()
@click.option("--migrate", "migrate", is_flag=True, help="Bring the database to this version's schema first.")
@click.option("--port", metavar="PORT", help="Listen on this port instead of DOORWARD_PORT.")
def serve(migrate: bool, port: str | None) -> None:  # noqa: FBT001 click passes flags so
    """Run the service until SIGTERM or SIGINT. Requests in progress are finished."""
    stop = StopRequest()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    settings = current_settings({} if port is None else {"DOORWARD_PORT": port})
    with reserved_address(settings.host, settings.port):
        if needs_data_dir(settings):
            make_data_dir(settings.data_dir)
        with metrics_folder(settings):
            sys.exit(run_service(settings, stop, migrate=migrate))


def run_service(settings: Settings, stop: "StopRequest", *, migrate: bool) -> int:
    """Check the start, serve until the service is stopped, and return the exit code."""
    import structlog  # noqa: PLC0415 heavy

    from doorward.infrastructure.log.configure import configure_logging, flush  # noqa: PLC0415 heavy
    from doorward.interfaces.cli.server import FORKS, serve_until_stopped  # noqa: PLC0415 heavy

    configure_logging(settings)
    # A parent of one worker imports nothing heavy: it would keep a copy of memory that no second worker shares.
    in_worker = FORKS and settings.workers == 1
    check = partial(check_start, settings, migrate=migrate)
    if not in_worker:
        check()
    flush()  # no other thread may run when workers are forked
    stop.exit_if_requested()
    code = serve_until_stopped(settings, build, check if in_worker else None)
    if code != EXIT_UNUSABLE:
        structlog.get_logger().info("sys_shutdown", exit_code=code)
    return code


def check_start(settings: Settings, *, migrate: bool) -> None:
    """Make all checks of the start, then print the banner. Raise StartRefused, also if a package is missing."""
    try:
        import structlog  # noqa: PLC0415 heavy

        import doorward.interfaces.main  # noqa: F401, PLC0415 heavy; workers share it
        from doorward.interfaces.start_preparation import prepare_start  # noqa: PLC0415 heavy

        has_admin = asyncio.run(prepare_start(settings, migrate=migrate))
    except ModuleNotFoundError as error:
        raise StartRefused(what_to_install(error)) from error
    for line in banner(settings, has_admin=has_admin):
        click.echo(line, err=True)
    structlog.get_logger().info("sys_startup", version=version("doorward"), workers=settings.workers)


def build(settings: Settings, is_draining: Callable[[], bool] | None) -> Any:
    """Return the ASGI application. Its readiness fails while `is_draining` returns True."""
    from doorward.interfaces.main import build  # noqa: PLC0415 heavy

    return build(settings, is_draining)


class StopRequest:
    """A signal handler that ends a start with exit code 0.

    A signal may arrive where Python drops exceptions, as in a destructor during an import. The request
    is therefore stored, too.
    """

    def __init__(self) -> None:
        self._requested = False

    def __call__(self, *_: object) -> NoReturn:
        self._requested = True
        sys.exit(0)

    def exit_if_requested(self) -> None:
        """End the process if a signal has arrived."""
        if self._requested:
            sys.exit(0)


def banner(settings: Settings, *, has_admin: bool) -> Iterator[str]:
    """Yield the lines that a start prints on standard error."""
    address = f"http://{bracketed(settings.host)}:{settings.port}"
    yield f"Doorward {version('doorward')} listens on {address}"
    if settings.docs:
        yield f"  docs:     {settings.public_url}/docs"
    if needs_data_dir(settings):
        yield f"  data:     {settings.data_dir}"
    yield f"  database: {settings.database.masked}"
    if settings.limits.are_off and is_for_this_machine(settings):
        yield "  limits:   off, as no DOORWARD_LIMIT_... is set and only this machine uses the service"
    if not is_loopback(settings.host) and is_loopback(urlsplit(settings.public_url).hostname or ""):
        yield "  warning:  without DOORWARD_PUBLIC_URL, requests for any name but a loopback name get 421"
    if not has_admin:
        yield f"  no admin yet: {program()} users create NAME --email EMAIL --role admin"


def program() -> str:
    """Return the name or path by which the shell finds this program from the current directory."""
    called = Path(sys.argv[0]).absolute()
    if shutil.which("doorward") == str(called) or not called.is_relative_to(Path.cwd()):
        return "doorward"
    return str(called.relative_to(Path.cwd()))


@contextlib.contextmanager
def metrics_folder(settings: Settings) -> Iterator[None]:
    """Within the block, keep a folder in which several workers share their metrics.

    prometheus_client reads its name when imported. The processes of a service hold a lock on its folder; a folder
    without one was left by a service that was killed, and is removed. Without a data directory, the folder is in the
    system's folder for temporary files, which the system clears. Raise StartRefused when it cannot be written.
    """
    parent = settings.data_dir if needs_data_dir(settings) else None
    for folder in () if parent is None else parent.glob("metrics-*"):
        with contextlib.suppress(OSError), locked(folder):
            shutil.rmtree(folder)
    if settings.workers == 1:
        yield
        return
    try:
        made = Path(tempfile.mkdtemp(prefix=f"metrics-{os.getpid()}-", dir=parent))
    except OSError as error:
        raise StartRefused("Several workers need a folder for temporary files; mount /tmp or set TMPDIR.") from error
    with locked(made):
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(made)
        try:
            yield
        finally:
            shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder within the block. Forked workers inherit the lock. Raise OSError when another service holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
