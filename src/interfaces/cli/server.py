"""Runs Granian: one parent process that supervises its worker processes."""

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from mmap import mmap
from pathlib import Path
from typing import Any, final

import click
import structlog
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.cli.drain import Drain
from doorward.interfaces.cli.listening import BACKLOG_CONNECTIONS, MAX_CONNECTIONS, connection_limit
from doorward.interfaces.cli.metrics_files import allocate_metrics_files
from doorward.interfaces.cli.output import EXIT_UNUSABLE, printable
from doorward.interfaces.cli.stop_signals import StopSignals

MAX_BUFFER_BYTES = 65_536
"""Memory of one connection for what its client has sent and the application has not read."""

STOP_TIMEOUT_SECONDS = 20
"""A stopping worker has this time to finish its requests. Then it is killed."""

LOG_CONFIG = {"handlers": {}, "loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": False}}}
"""Granian's records go to the root logger. There is no access log."""

FORKS = sys.platform == "linux"

App = Callable[..., Any]
Build = Callable[[Settings, Callable[[], bool] | None], App]
"""Makes the application from the settings, and from a function that returns whether the service is about to stop."""


@final
class StartCheck:
    """Runs the check of the start in the first worker, before it serves. Later workers do not repeat it.

    The parent and its workers share the outcome in one byte of memory.
    """

    PENDING, PASSED, REFUSED = range(3)

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._parent = os.getpid()
        self._outcome = mmap(-1, 1)

    @property
    def is_passed(self) -> bool:
        """True when the check is over and has not refused the start."""
        return self._outcome[0] == self.PASSED

    @property
    def is_refused(self) -> bool:
        """True when the check has refused the start."""
        return self._outcome[0] == self.REFUSED

    def run(self) -> None:
        """Run the check. If it refuses the start, print the reason, stop the parent and raise SystemExit.

        Granian may replace the worker that was refused before the parent stops. The new worker raises SystemExit only.
        """
        if self.is_refused:
            raise SystemExit(EXIT_UNUSABLE)
        if self.is_passed:
            return
        try:
            self._check()
        except StartRefused as refused:
            click.echo(f"doorward: {printable(str(refused))}", err=True)
            self._outcome[0] = self.REFUSED
            if os.getppid() == self._parent:  # a process whose parent was killed has another one
                os.kill(self._parent, signal.SIGTERM)
            raise SystemExit(EXIT_UNUSABLE) from refused
        self._outcome[0] = self.PASSED


def serve_until_stopped(settings: Settings, build: Build, check: Callable[[], None] | None = None) -> int:
    """Serve the application that `build` makes in each worker, and return the exit code.

    The first worker runs `check` before it serves. The exit code is 0 after SIGTERM, SIGINT or SIGHUP, 2 when `check`
    raises StartRefused, and 1 when Granian gives up because a worker ended twice within 5.5 seconds.
    """
    if FORKS:
        # Python 3.14 no longer forks by default. A forked worker shares what its parent has imported.
        multiprocessing.set_start_method("fork", force=True)
        os.register_at_fork(after_in_child=reset_signals)
        gc.freeze()
    start_check = None if check is None else StartCheck(check)
    # Only forked workers share what the parent knows.
    drain = Drain(settings.drain_seconds if FORKS else 0, lambda: start_check is None or start_check.is_passed)
    build_app = partial(build, settings, drain.has_begun if FORKS else None)
    stop = StopSignals(drain)
    server = granian_server(settings)
    server.on_startup(stop.install)
    try:
        server.serve(target_loader=partial(start_worker, build_app, start_check), wrap_loader=False)
    except SystemExit as end:
        code = 0 if stop.received else int(end.code or 0)
    else:
        code = 0
    stop.ignore()
    return EXIT_UNUSABLE if start_check is not None and start_check.is_refused else code


def granian_server(settings: Settings) -> Any:
    """Return a Granian server that does not run yet. Its class depends on the Python build, so that it has no type."""
    return Granian(
        "doorward",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.uvloop,
        # With `auto`, Granian never closes a connection that sends nothing.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=settings.keep_alive_seconds * 1_000,  # in milliseconds, for idle connections as well
            max_buffer_size=MAX_BUFFER_BYTES,
        ),
        websockets=False,
        backlog=BACKLOG_CONNECTIONS,
        backpressure=min(connection_limit(), MAX_CONNECTIONS),
        log_level=LogLevels.debug if settings.log_level == "debug" else LogLevels.warning,
        log_dictconfig=LOG_CONFIG,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_TIMEOUT_SECONDS,
    )


def reset_signals() -> None:
    """Give a forked worker the default handler of SIGTERM until its event loop has its own.

    The handler that it inherits from the parent would do nothing. SIGINT, which a terminal sends to all processes, is
    left to the parent.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def start_worker(build: Callable[[], App], start_check: StartCheck | None) -> App:
    """Return the application of a new worker. If it cannot be made, log the exception and raise SystemExit(1)."""
    threading.Thread(target=stop_when_parent_ends, name="wait-for-parent", daemon=True).start()
    try:
        if start_check is not None:
            start_check.run()
        remove_dead_workers_from_metrics()
        allocate_metrics_files()
        app = build()
        gc.freeze()  # none of these objects ever becomes garbage
        gc.enable()
        return app
    except Exception as error:
        structlog.get_logger().exception("worker_start_failed")
        raise SystemExit(1) from error


def stop_when_parent_ends() -> None:
    """Wait for the end of the parent, and stop this worker then, so that the port becomes free."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(STOP_TIMEOUT_SECONDS)
    os._exit(1)


def remove_dead_workers_from_metrics() -> None:
    """Remove the requests that dead workers had in progress from the metrics. The counters of dead workers stay.

    Each worker leaves a file with its process id in the folder of the shared metrics.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 reads the environment when imported

    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    for file in folder.glob("*.pid"):
        if not is_alive(int(file.stem)):
            with contextlib.suppress(FileNotFoundError):  # another worker has removed them
                mark_process_dead(int(file.stem))  # type: ignore[no-untyped-call]
            file.unlink(missing_ok=True)
    (folder / f"{os.getpid()}.pid").touch()


def is_alive(pid: int) -> bool:
    """Return whether a process with that id exists and belongs to this user."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
