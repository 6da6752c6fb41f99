"""granian as Doorward runs it: one parent that supervises, and workers that are forked from it."""

import contextlib
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import click
import structlog
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.cli.listening import BACKLOG, MOST_CONNECTIONS, connections_allowed, cut_off_who_does_not_read
from doorward.interfaces.cli.output import printable

HEADER_MILLISECONDS = 5_000
"""To send a request's headers, and how long an idle connection is kept."""

BUFFER_BYTES = 65_536
SECONDS_TO_STOP = 20
"""For requests at hand when the service stops; then workers are killed."""

QUICK_SECONDS = 3.0
MOST_QUICK_DEATHS = 3

FROM_OUTSIDE = frozenset({None, 0, -signal.SIGTERM, -signal.SIGKILL})
"""Exit codes of workers that somebody ended."""

SILENT = {"handlers": {}, "loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": False}}}
"""granian's records go where all others go; it writes no access log."""

UNUSABLE = 2
"""The exit code of a start that is refused."""

App = Callable[..., Any]


class Respawns(dict[int, float]):
    """When each worker was started again; granian gives up on one that `get` says was started 5.5 s ago or less.

    That would end the service when somebody kills a worker twice. Here only a worker that cannot start ends it: one
    that fails by itself, young, three times in a row.
    """

    def __init__(self, process: Callable[[int], Any], preparation: "Preparation | None") -> None:
        super().__init__()
        self._process = process
        self._preparation = preparation
        self._first = time.monotonic()
        self._born: dict[int, float] = {}
        self._quick: dict[int, int] = {}

    def __setitem__(self, worker: int, at: float) -> None:
        """The process at hand is still the one that died."""
        self._born[worker] = at
        if self._preparation is not None:
            self._preparation.heed()
        forget_figures(self._process(worker).pid)

    def get(self, worker: int, _: object = None) -> float:
        now = time.monotonic()
        young = now - self._born.get(worker, self._first) < QUICK_SECONDS
        failed = young and self._process(worker).exitcode not in FROM_OUTSIDE
        self._quick[worker] = self._quick.get(worker, 0) + 1 if failed else 0
        return now if self._quick[worker] >= MOST_QUICK_DEATHS else float("-inf")


def forget_figures(pid: int | None) -> None:
    """A dead worker answers no requests: what it counted stays, what it had under way does not."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 looks at the environment

        mark_process_dead(pid)  # type: ignore[no-untyped-call]


class Preparation:
    """What the only worker does before it serves, once: its successors find it done, whatever state the database is in
    by then. What it refuses ends the service."""

    REFUSED, DONE = b"r", b"d"

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._parent = os.getpid()
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._outcome = b""

    def heed(self) -> bool:
        """In the parent: look at what became of it. True when it was refused."""
        with contextlib.suppress(BlockingIOError):
            self._outcome += os.read(self._read_end, 1)
        return self._outcome == self.REFUSED

    def run(self) -> None:
        """In a worker. A refusal is told as `main` tells it; then the parent is asked to stop."""
        if self._outcome == self.DONE:
            return
        try:
            self._work()
        except StartRefused as refused:
            click.echo(f"doorward: {printable(str(refused))}", err=True)
            os.write(self._write_end, self.REFUSED)
            if os.getppid() == self._parent:  # not whoever took over from one that was killed
                os.kill(self._parent, signal.SIGTERM)
            raise SystemExit(UNUSABLE) from refused
        os.write(self._write_end, self.DONE)


class Lifeline:
    """A pipe that only the parent holds open: when it closes, the parent is gone, and so must its workers be."""

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    def hold(self) -> None:
        """In a worker: stop when the parent is gone."""
        os.close(self._write_end)
        threading.Thread(target=self._wait, name="lifeline", daemon=True).start()

    def _wait(self) -> None:
        os.read(self._read_end, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(SECONDS_TO_STOP)
        os._exit(1)


def serve_until_stopped(
    settings: Settings, build: Callable[[Settings], App], prepare: Callable[[], None] | None = None
) -> int:
    """Serve what `build` makes in each worker; `prepare` is the only worker's first task, where it is left to it. The
    exit code: 0 after SIGTERM or SIGINT, 1 when no worker starts, 2 when the preparation refuses."""
    preparation = None if prepare is None else Preparation(prepare)
    forks = sys.platform == "linux"
    if forks:
        # What is imported by now is there in every worker; since Python 3.14 this must be asked for.
        multiprocessing.set_start_method("fork", force=True)
        os.register_at_fork(after_in_child=stoppable)
        gc.freeze()
    server = Server(
        "doorward",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.auto if sys.platform == "win32" else Loops.uvloop,
        # HTTP/1 alone: while granian guesses at the protocol, it never closes a connection that sends nothing.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=BUFFER_BYTES),
        websockets=False,
        backlog=BACKLOG,
        backpressure=min(connections_allowed(), MOST_CONNECTIONS),
        log_level=LogLevels.debug if settings.log_level == "debug" else LogLevels.warning,
        log_dictconfig=SILENT,
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_TO_STOP,
    )
    server.respawned_wrks = Respawns(lambda worker: server.wrks[worker].inner, preparation)
    if forks:
        server.on_startup(partial(share_listener, server))
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # under nohup
        server.on_startup(partial(signal.signal, signal.SIGHUP, signal.SIG_IGN))
    else:  # the terminal is closed; granian would start its workers anew
        server.on_startup(partial(signal.signal, signal.SIGHUP, server.signal_handler_interrupt))
    lifeline = Lifeline() if forks else None
    try:
        server.serve(target_loader=partial(start_worker, settings, build, lifeline, preparation), wrap_loader=False)
    except SystemExit as end:
        if not server.interrupt_signal:
            return int(end.code or 0)
    return UNUSABLE if preparation is not None and preparation.heed() else 0


def share_listener(server: Any) -> None:
    """Listen once, for all workers, as granian itself does where it cannot have a socket per worker: on those nobody
    else can set anything, and a worker that is killed takes along the connections that wait for it."""
    inner = vars(server)
    holder = inner["_ssp"].build()
    with socket.fromfd(holder.get_fd(), socket.AF_INET, socket.SOCK_STREAM) as listener:  # the holder closes its own
        cut_off_who_does_not_read(listener)
    inner.update(_ssp=None, _shd=holder)


def stoppable() -> None:
    """A worker inherits the parent's handlers, under which SIGTERM would do nothing until the loop has its own.

    SIGINT, which a terminal sends to parent and workers alike, is for the parent: it stops them.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def start_worker(
    settings: Settings, build: Callable[[Settings], App], lifeline: Lifeline | None, preparation: Preparation | None
) -> App:
    """The first thing that runs in a worker. One that cannot start says why in the log and ends with exit code 1."""
    if lifeline is not None:
        lifeline.hold()
    try:
        if preparation is not None:
            preparation.run()
        app = build(settings)
        gc.freeze()  # none of this ever becomes garbage
        gc.enable()
        return app
    except Exception as error:
        structlog.get_logger().exception("worker_start_failed")
        raise SystemExit(1) from error
