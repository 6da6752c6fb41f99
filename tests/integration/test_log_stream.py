"""The output of the log, with real pipes and processes."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from doorward.infrastructure.log.output import LogOutput
from support.programs.processes import PATIENCE, eventually

CONFIGURED = """
import logging, os
import structlog
from doorward.application.ports.security_events import SecurityEvent
from doorward.infrastructure.log.configure import configure_logging, flush
from doorward.infrastructure.log.security_log import StructlogSecurityLog
from doorward.infrastructure.settings.loading import load_settings
configure_logging(load_settings({"DOORWARD_LOG_LEVEL": "info"}))
"""


def program(body: str) -> list[str]:
    return [sys.executable, "-c", CONFIGURED + body]


def lines_of(body: str) -> list[dict[str, Any]]:
    done = subprocess.run(program(body), capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def report(count: int) -> str:
    return f"lost {count}"


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """The reading end and the writing end."""
    reader, writer = os.pipe()
    try:
        yield reader, writer
    finally:
        os.close(writer)


def read_available(reader: int) -> list[str]:
    os.set_blocking(reader, False)
    read = b""
    try:
        while chunk := os.read(reader, 1 << 20):
            read += chunk
    except BlockingIOError:
        pass
    return read.decode().splitlines()


def test_every_line_is_json_with_time_level_event_request_and_address() -> None:
    """LG-01."""
    (line,) = lines_of("""
structlog.contextvars.bind_contextvars(request_id="r-1", ip="192.0.2.7")
StructlogSecurityLog(b"k" * 32).record(SecurityEvent.AUTHN_LOGIN_SUCCESS, user_id="1", factor="password")
""")
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "authn_login_success",
        "outcome": "success",
        "user_id": "1",
        "factor": "password",
        "request_id": "r-1",
        "ip": "192.0.2.7",
    }


def test_records_of_the_standard_library_are_in_the_same_log() -> None:
    """LG-01, LG-03."""
    found = lines_of("""
logging.getLogger("some.library").warning("lost %s", "mysql://ada:s3cret@db/doorward")
logging.getLogger("sqlalchemy.engine").info("[parameters: ('s3cret')]")
logging.getLogger("some.library").error("wrong %d", "placeholder")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("asyncio").exception("in a callback")
""")
    assert [line["level"] for line in found] == ["warning", "error", "error"]
    assert found[0]["logger"] == "some.library"
    assert found[2]["exception"].startswith("ZeroDivisionError")
    assert "s3cret" not in str(found)


def test_a_forked_process_logs_and_no_line_is_written_twice() -> None:
    """LG-05."""
    found = lines_of("""
structlog.get_logger().info("before")
if os.fork() == 0:
    structlog.get_logger().info("child")
    flush()
    os._exit(0)
os.wait()
structlog.get_logger().info("after")
""")
    assert sorted(line["event"] for line in found) == ["after", "before", "child"]


def test_a_terminal_gets_readable_lines() -> None:
    """LG-02."""
    ours, theirs = pty.openpty()
    body = 'structlog.get_logger().info("hello", who="\\x1b]0;evil\\x07")'
    subprocess.run(program(body), stdout=theirs, timeout=PATIENCE, check=True)
    shown = os.read(ours, 4096).decode()
    os.close(ours)
    os.close(theirs)
    assert "hello" in shown
    assert "{" not in shown
    assert "\x1b]" not in shown
    assert "\x07" not in shown


def test_a_blocked_pipe_delays_no_caller_and_the_next_lines_report_what_was_dropped() -> None:
    """LG-05."""
    with pipe() as (reader, writer):
        output = LogOutput(writer, report, capacity=100)
        for number in range(100_000):
            output.write(f"line {number} {'x' * 100}")
        lost = output.dropped
        assert lost > 90_000
        seen: list[str] = []

        def all_is_reported() -> bool:
            """There may be several reports, since there was room for lines between them."""
            seen.extend(read_available(reader))
            output.write("again")
            return sum(int(line.split()[1]) for line in seen if line.startswith("lost ")) >= lost

        eventually(all_is_reported)
        assert seen[0].startswith("line 0 ")
        os.set_blocking(reader, True)
        os.close(reader)
        output.close()


def test_lines_for_a_closed_pipe_are_dropped_and_counted() -> None:
    """LG-05."""
    with pipe() as (reader, writer):
        os.close(reader)
        output = LogOutput(writer, report)
        for number in range(1000):
            output.write(f"line {number}")
        output.close()
        assert output.dropped == 1000


def test_lines_for_a_full_disk_are_dropped_and_reported_when_there_is_room() -> None:
    """LG-05."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    with pipe() as (reader, writer):
        output = LogOutput(descriptor, report)
        output.write("lost")
        output.close()
        assert output.dropped == 1
        os.dup2(writer, descriptor)
        output.write("there is room")
        output.close()
        assert read_available(reader) == ["there is room", "lost 1"]
        os.close(reader)
    os.close(descriptor)


def test_a_process_that_ends_writes_the_lines_that_wait() -> None:
    found = lines_of('for number in range(5000): structlog.get_logger().info("line", number=number)')
    assert [line["number"] for line in found] == list(range(5000))


def test_a_worker_process_that_ends_writes_the_lines_that_wait() -> None:
    """`atexit` does not run in a process of `multiprocessing`."""
    found = lines_of("""
import multiprocessing
def work():
    for number in range(100): structlog.get_logger().info("line", number=number)
worker = multiprocessing.get_context("fork").Process(target=work)
worker.start()
worker.join()
""")
    assert [line["number"] for line in found] == list(range(100))


def test_a_process_ends_even_when_nobody_reads_its_log() -> None:
    """LG-05."""
    with pipe() as (reader, writer):
        body = 'for number in range(5000): structlog.get_logger().info("line", number=number)'
        ended = subprocess.run(program(body), stdout=writer, timeout=PATIENCE, check=True)
        assert ended.returncode == 0
        os.close(reader)
