"""Granian as Doorward runs it: one parent process that supervises its worker processes."""

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
from types import FrameType
from typing import Any, final

import click
import structlog
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.cli.listening import BACKLOG_CONNECTIONS, MAX_CONNECTIONS, connection_limit
from doorward.interfaces.cli.output import EXIT_UNUSABLE, printable

HEADER_TIMEOUT_MILLISECONDS = 5_000
"""The time to send a request's headers, and the time for which an idle connection is kept."""

BUFFER_BYTES = 65_536
STOP_TIMEOUT_SECONDS = 20
"""The time that a stopping worker has to finish its requests. After it, the worker is killed."""

LOG_CONFIG = {"handlers": {}, "loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": False}}}
"""Granian's records go to the root logger. There is no access log."""

FORKS = sys.platform == "linux"

App = Callable[..., Any]


@final
class FirstStart:
    """Work that the first worker does before it serves, and that its successors find done.

    The parent and its workers share the outcome in one byte of memory.
    """

    PENDING, DONE, REFUSED = range(3)

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._parent = os.getpid()
        self._outcome = mmap(-1, 1)

    @property
    def is_refused(self) -> bool:
        return self._outcome[0] == self.REFUSED

    def run(self) -> None:
        """Do the work in a worker. A refusal is printed in one line, and the parent is asked to stop."""
        if self._outcome[0] == self.DONE:
            return
        try:
            self._work()
        except StartRefused as refused:
            click.echo(f"doorward: {printable(str(refused))}", err=True)
            self._outcome[0] = self.REFUSED
            if os.getppid() == self._parent:  # a process whose parent was killed has another one
                os.kill(self._parent, signal.SIGTERM)
            raise SystemExit(EXIT_UNUSABLE) from refused
        self._outcome[0] = self.DONE


def serve_until_stopped(
    settings: Settings, build: Callable[[Settings], App], first_work: Callable[[], None] | None = None
) -> int:
    """Serve the application that `build` makes in each worker, and return the exit code.

    It is 0 after SIGTERM, SIGINT or SIGHUP, 2 when `first_work`, which the first worker does before it serves, raises
    StartRefused, and 1 when Granian gives up, as it does on a worker that ends twice within 5.5 seconds.
    """
    if FORKS:
        # Python 3.14 no longer forks by default. A forked worker shares what its parent has imported.
        multiprocessing.set_start_method("fork", force=True)
        os.register_at_fork(after_in_child=reset_signals)
        gc.freeze()
    first_start = None if first_work is None else FirstStart(first_work)
    stopped = threading.Event()
    server = Granian(
        "doorward",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.auto if sys.platform == "win32" else Loops.uvloop,
        # With `auto`, Granian never closes a connection that sends nothing.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MILLISECONDS, max_buffer_size=BUFFER_BYTES),
        websockets=False,
        backlog=BACKLOG_CONNECTIONS,
        backpressure=min(connection_limit(), MAX_CONNECTIONS),
        log_level=LogLevels.debug if settings.log_level == "debug" else LogLevels.warning,
        log_dictconfig=LOG_CONFIG,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_TIMEOUT_SECONDS,
    )
    ignores_hangup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # under nohup
    server.on_startup(partial(stop_on_signals, stopped, ignores_hangup=ignores_hangup))
    try:
        server.serve(target_loader=partial(start_worker, settings, build, first_start), wrap_loader=False)
    except SystemExit as end:
        if not stopped.is_set():
            return int(end.code or 0)
    return EXIT_UNUSABLE if first_start is not None and first_start.is_refused else 0


def stop_on_signals(stopped: threading.Event, *, ignores_hangup: bool) -> None:
    """Set `stopped` when a signal stops the parent, since Granian's exit code does not tell it.

    SIGHUP, which a closed terminal sends, stops the parent too. Granian itself would restart its workers.
    """
    stop_granian = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()
        if callable(stop_granian):
            stop_granian(number, frame)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN if ignores_hangup else stop)


def reset_signals() -> None:
    """Give a forked worker the default handler of SIGTERM until its event loop has its own.

    The handler that it inherits from the parent would do nothing. SIGINT, which a terminal sends to all processes, is
    left to the parent.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def start_worker(settings: Settings, build: Callable[[Settings], App], first_start: FirstStart | None) -> App:
    """Return the application. This runs first in a worker; one that cannot start logs why and exits with 1."""
    threading.Thread(target=stop_without_parent, name="parent-watch", daemon=True).start()
    try:
        if first_start is not None:
            first_start.run()
        forget_dead_workers()
        app = build(settings)
        gc.freeze()  # none of these objects ever becomes garbage
        gc.enable()
        return app
    except Exception as error:
        structlog.get_logger().exception("worker_start_failed")
        raise SystemExit(1) from error


def stop_without_parent() -> None:
    """Wait for the end of the parent, and stop this worker then, so that the port becomes free."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(STOP_TIMEOUT_SECONDS)
    os._exit(1)


def forget_dead_workers() -> None:
    """Remove from the metrics the requests that dead workers had in progress. Their counters stay.

    Each worker leaves a file with its process id in the folder of the shared metrics.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 reads the environment when imported

    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    for file in folder.glob("*.pid"):
        if not is_alive(int(file.stem)):
            with contextlib.suppress(FileNotFoundError):  # another worker has just done so
                mark_process_dead(int(file.stem))  # type: ignore[no-untyped-call]
            file.unlink(missing_ok=True)
    (folder / f"{os.getpid()}.pid").touch()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
