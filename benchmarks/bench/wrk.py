"""Runs wrk: each connection sends one request at a time."""

import asyncio
import fcntl
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.connections import ask_once, request_bytes
from bench.process_stats import cpu_seconds
from peers.calls import Call
from support.mysql.distribution import NotUnpacked, cache_directory, unpack, with_its_libraries

SCRIPTS = Path(__file__).parent
REQUEST_TIMEOUT_SECONDS = 30

RESULT_PREFIX = "RESULT "
MICROSECONDS_PER_SECOND = 1_000_000


class WrkFailed(Exception):
    """wrk could not be installed or run; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The result of one run. Latencies are in milliseconds, `rate` is in requests per second."""

    rate: float
    requests: int
    p50: float
    p99: float
    slowest: float
    errors: int
    """Wrong answers, and requests without an answer. A run with errors is not valid."""
    refused: int = 0
    """Requests that were rejected with 503 and Retry-After; the rate does not include them."""
    cpu: float | None = None
    """Microseconds of CPU time of the server per request."""


@cache
def program() -> tuple[str, ...]:
    """The command that runs wrk, downloaded if it is not installed. Raise WrkFailed."""
    if found := shutil.which("wrk"):
        return (found,)
    try:
        home = cache_directory() / "wrk"
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (home / "root").exists():
                unpack(["wrk"], home)
        return with_its_libraries(home / "root", home / "root/usr/bin/wrk")
    except (NotUnpacked, OSError) as error:
        raise WrkFailed(f"wrk is not installed, and could not be downloaded: {error}") from error


def sample(result: Mapping[str, Any], cpu_seconds: float, wrong: int = 0) -> Sample:
    """Make a sample of wrk's report. `wrong` counts errors that wrk has not seen."""
    refused = int(result["refused"])
    requests = int(result["requests"]) - refused
    return Sample(
        rate=requests / result["seconds"],
        requests=requests,
        refused=refused,
        p50=result["p50"],
        p99=result["p99"],
        slowest=result["slowest"],
        errors=result["wrong"] + result["status"] + result["socket"] + wrong,
        cpu=cpu_seconds / max(requests, 1) * MICROSECONDS_PER_SECOND,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests to a server. `pid` is its main process."""

    url: str
    pid: int
    calls: Sequence[Call]
    """Sent in turn. All have the same expected answer, and all have an opening, or none has."""
    checks_bodies: bool = True
    """Whether the body of each answer is checked.

    Otherwise the status of each answer and the total length of all answers are checked. That takes less CPU time at
    thousands of answers per second; it requires that all answers have the same length.
    """

    def run(self, connections: int, seconds: float) -> Sample:
        expected = self.calls[0]
        if expected.opening:
            return self._run_pairs(connections, seconds)
        with tempfile.NamedTemporaryFile() as file:
            for request in (request_bytes(self.url, call) for call in self.calls):
                file.write(b"%d\n%b" % (len(request), request))
            file.flush()
            text = [expected.body_contains] if self.checks_bodies else []
            cpu_before = cpu_seconds(self.pid)
            result = run_wrk("replay", self.url, connections, seconds, [file.name, str(expected.status), *text])
            used = cpu_seconds(self.pid) - cpu_before
        wrong = 0 if self.checks_bodies else self._check_total_length(connections, result)
        return sample(result, used, wrong)

    def _run_pairs(self, connections: int, seconds: float) -> Sample:
        """Send the opening of each call and then the call. The rate is that of pairs; there is no latency of a pair."""
        expected = self.calls[0]
        opening = request_bytes(self.url, Call(method="GET", path=expected.opening))
        with tempfile.NamedTemporaryFile() as file:
            for call in self.calls:
                for request in (opening, request_bytes(self.url, call)):
                    file.write(b"%d\n%b" % (len(request), request))
            file.flush()
            cpu_before = cpu_seconds(self.pid)
            arguments = [file.name, str(expected.status), expected.body_contains]
            result = run_wrk("flow", self.url, connections, seconds, arguments)
            used = cpu_seconds(self.pid) - cpu_before
        pairs = {"requests": result["requests"] - result["openings"], "p50": 0, "p99": 0, "slowest": 0}
        return sample({**result, **pairs}, used)

    def _check_total_length(self, connections: int, result: Mapping[str, Any]) -> int:
        """Return 1 when the total length is wrong, else 0.

        The length of one checked answer times the number of answers is expected. At the end, each connection may have
        received a part of one more answer.
        """
        call = self.calls[0]
        answer = asyncio.run(ask_once(self.url, request_bytes(self.url, call)))
        if not call.accepts(answer.parsed):
            return 1
        surplus = int(result["bytes"]) - int(result["requests"]) * answer.length
        return 0 if 0 <= surplus <= connections * answer.length else 1


def run_wrk(script: str, url: str, connections: int, seconds: float, arguments: Sequence[str]) -> dict[str, Any]:
    """Run wrk with one of the scripts in this folder. Return what the script reports. Raise WrkFailed."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as combined:
        combined.write((SCRIPTS / f"{script}.lua").read_text() + (SCRIPTS / "report.lua").read_text())
        combined.flush()
        command = [
            *program(),
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            f"--timeout={REQUEST_TIMEOUT_SECONDS}s",
        ]
        done = subprocess.run(
            [*command, "--latency", "-s", combined.name, url, "--", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith(RESULT_PREFIX)]
    if done.returncode or not lines:
        raise WrkFailed(f"wrk failed: {done.stderr or done.stdout}")
    result: dict[str, Any] = json.loads(lines[0].removeprefix(RESULT_PREFIX))
    return result
