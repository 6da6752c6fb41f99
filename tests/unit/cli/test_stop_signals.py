"""How the parent process stops on signals."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from doorward.interfaces.cli.drain import Drain
from doorward.interfaces.cli.stop_signals import StopSignals
from support.programs.processes import PATIENCE, eventually

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serving() -> bool:
    return True


def starting() -> bool:
    return False


class ServerHandler:
    """Stands for Granian's handler, which takes a lock to set its event."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.called = threading.Event()

    def __call__(self, *_: object) -> None:
        with self.lock:
            self.called.set()


@pytest.fixture
def server_handler() -> Iterator[ServerHandler]:
    """Installed for all signals, as Granian does. Afterwards every handler is the one that was there before."""
    before = [signal.getsignal(number) for number in SIGNALS]
    handler = ServerHandler()
    for number in SIGNALS:
        signal.signal(number, handler)
    yield handler
    for number, previous in zip(SIGNALS, before, strict=True):
        signal.signal(number, previous)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_calls_the_handler_of_the_server(server_handler: ServerHandler, number: int) -> None:
    stop = StopSignals(Drain(0, serving))
    stop.install()
    assert not stop.received
    os.kill(os.getpid(), number)
    assert server_handler.called.wait(PATIENCE)
    assert stop.received


def test_a_hangup_stays_ignored_under_nohup(server_handler: ServerHandler) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = StopSignals(Drain(0, serving))
    signal.signal(signal.SIGHUP, server_handler)
    stop.install()
    os.kill(os.getpid(), signal.SIGHUP)
    assert not stop.received


def test_a_signal_never_waits_for_a_lock_that_the_interrupted_code_holds(server_handler: ServerHandler) -> None:
    StopSignals(Drain(0, serving)).install()
    with server_handler.lock:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert not server_handler.called.is_set()
    assert server_handler.called.wait(PATIENCE)


def test_the_first_signal_begins_the_drain_and_the_second_ends_it(server_handler: ServerHandler) -> None:
    drain = Drain(600, serving)
    StopSignals(drain).install()
    assert not drain.has_begun()
    os.kill(os.getpid(), signal.SIGTERM)
    eventually(drain.has_begun)
    assert not server_handler.called.is_set()
    os.kill(os.getpid(), signal.SIGTERM)
    assert server_handler.called.wait(PATIENCE)


def test_a_drain_ends_by_itself(server_handler: ServerHandler) -> None:
    drain = Drain(1, serving)
    StopSignals(drain).install()
    os.kill(os.getpid(), signal.SIGTERM)
    assert server_handler.called.wait(PATIENCE)
    assert drain.has_begun()


def test_a_service_that_serves_nothing_yet_stops_without_a_drain(server_handler: ServerHandler) -> None:
    drain = Drain(600, starting)
    StopSignals(drain).install()
    os.kill(os.getpid(), signal.SIGTERM)
    assert server_handler.called.wait(PATIENCE)
    assert not drain.has_begun()
