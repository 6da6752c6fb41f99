"""Load by wrk: so many connections, each with one request at a time, and what came of it."""

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

from bench.connections import asked_once, raw
from bench.readings import cpu_seconds
from peers.calls import Call
from support.mysql.distribution import NotUnpacked, cache_directory, unpack, with_its_libraries

HERE = Path(__file__).parent
TIMEOUT = 30
"""Seconds after which a request counts as an error."""

RESULT = "RESULT "
MICROSECONDS = 1_000_000


class NoLoad(Exception):
    """There is no wrk, or it did not run; the text is the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run. Latencies in milliseconds, `cpu` in microseconds of the server per request."""

    rate: float
    requests: int
    p50: float
    p99: float
    slowest: float
    errors: int
    """Answers that were not as they should be, and requests without any. A run with one of them does not count."""
    refused: int = 0
    """Those that were told to come again (503 with Retry-After); they are not in the rate."""
    cpu: float | None = None


@cache
def program() -> tuple[str, ...]:
    """Raise NoLoad."""
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
        raise NoLoad(f"wrk is not installed, and could not be fetched: {error}") from error


def sample(result: Mapping[str, Any], cpu_seconds: float, wrong: int = 0) -> Sample:
    """Of what wrk reports."""
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
        cpu=cpu_seconds / max(requests, 1) * MICROSECONDS,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests for a server. `pid` is the head of its family of processes."""

    url: str
    pid: int
    calls: Sequence[Call]
    """All of them to be answered alike."""
    looks: bool = True
    """At the content of each answer. Else at the status of each and at how long all are together: that costs the
    machine less, where there are many thousand a second and one is as long as another."""

    def run(self, connections: int, seconds: float) -> Sample:
        expected = self.calls[0]
        with tempfile.NamedTemporaryFile() as file:
            for request in (raw(self.url, call) for call in self.calls):
                file.write(b"%d\n%b" % (len(request), request))
            file.flush()
            text = [expected.body_contains] if self.looks else []
            before = cpu_seconds(self.pid)
            result = fired("turns", self.url, connections, seconds, [file.name, str(expected.status), *text])
            used = cpu_seconds(self.pid) - before
        wrong = 0 if self.looks else self._check(connections, result)
        return sample(result, used, wrong)

    def _check(self, connections: int, result: Mapping[str, Any]) -> int:
        """Wrong answers by their length, when nobody looked at each: all together they must be as long as so many of
        one that was looked at, give or take those that were under way at the end."""
        call = self.calls[0]
        reply = asyncio.run(asked_once(self.url, raw(self.url, call)))
        if not call.is_met_by(reply.answer):
            return 1
        surplus = int(result["bytes"]) - int(result["requests"]) * reply.length
        return 0 if 0 <= surplus <= connections * reply.length else 1


def fired(script: str, url: str, connections: int, seconds: float, arguments: Sequence[str]) -> dict[str, Any]:
    """Run wrk; what its script reports."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as together:
        together.write((HERE / f"{script}.lua").read_text() + (HERE / "report.lua").read_text())
        together.flush()
        command = [*program(), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", f"--timeout={TIMEOUT}s"]
        done = subprocess.run(
            [*command, "--latency", "-s", together.name, url, "--", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith(RESULT)]
    if done.returncode or not lines:
        raise NoLoad(f"wrk failed: {done.stderr or done.stdout}")
    result: dict[str, Any] = json.loads(lines[0].removeprefix(RESULT))
    return result
