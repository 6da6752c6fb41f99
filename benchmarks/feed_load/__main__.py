"""Announces ended sessions and other changes at a steady rate, and says what nodes hear of it, how late, and at what
cost. `make feed-load` runs it on a MySQL of its own, with a process for each node."""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict

from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.urls import DatabaseUrl
from feed_load.load import Load, Written, write
from feed_load.node import Heard, follow
from feed_load.pruning import prune
from support.mysql.server import MySQLServer, Skipped

MYSQL_OPTIONS = (
    "--skip-log-bin",
    "--innodb-buffer-pool-size=1G",
    "--innodb-redo-log-capacity=1G",
    "--innodb-flush-log-at-trx-commit=2",  # the disk is not what is measured
)
SESSIONS_TO_PRUNE = 30_000


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="feed-load", description=__doc__)
    parser.add_argument("--changes", type=int, default=5_000, help="per second, with the ends")
    parser.add_argument("--ends", type=int, default=2_000, help="ended sessions per second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--node", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.node:
        return asyncio.run(serve_node(options.node))
    server = MySQLServer.find(MYSQL_OPTIONS)
    if isinstance(server, Skipped):
        sys.stderr.write(f"There is no MySQL: {server.reason}\n")
        return 2
    try:
        load = Load(changes=options.changes, ends=options.ends, seconds=options.seconds)
        return asyncio.run(measure(server.fresh_database(), load, options.nodes))
    finally:
        server.stop()


async def measure(url: str, load: Load, nodes: int) -> int:
    await migrate(DatabaseUrl.parse(url))
    processes = [await start_node(url) for _ in range(nodes)]
    written = await write(url, load)
    heard = [await answer_of(process) for process in processes]
    late = await start_node(url)
    started = await answer_of(late)
    say(report(written, heard))
    say(f"a node that starts then is ready after {started.started_seconds:.1f} s")
    for kind, rate in (await prune(url, SESSIONS_TO_PRUNE)).items():
        say(f"{kind} pruned per second, with the pauses: {rate:,.0f}")
    return 0 if all(each.ends == written.ends and not each.asked for each in heard) else 1


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def report(written: Written, heard: list[Heard]) -> str:
    """Return what was written and heard, a line for each node."""
    changes, ends = written.changes / written.seconds, written.ends / written.seconds
    lines = [
        f"written per second: {changes:,.0f} changes, {ends:,.0f} of them ended sessions; "
        f"slowest transaction {written.slowest_commit_seconds:.2f} s"
    ]
    for number, each in enumerate(heard, 1):
        lags = ", ".join(f"{name} {each.lag(part):.2f} s" for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1)))
        lines.append(
            f"node {number}: {each.ends:,} of {written.ends:,} ends heard; {lags}; "
            f"{each.cpu_seconds / written.seconds:.0%} of a core; {each.bytes / 1e6:,.0f} MB; "
            f"{each.asked} of {each.requests} requests asked the database; {', '.join(each.log) or 'nothing logged'}"
        )
    return "\n".join(lines)


async def start_node(url: str) -> asyncio.subprocess.Process:
    """Return the process of a node that has read the feed."""
    command = [sys.executable, "-m", "feed_load", "--node", url]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=2**30)
    if process.stdout is not None:
        await process.stdout.readline()
    return process


async def answer_of(process: asyncio.subprocess.Process) -> Heard:
    """Tell the node that everything is written, and return what it heard."""
    answer, _ = await process.communicate(b"\n")
    return Heard(**json.loads(answer))


async def serve_node(url: str) -> int:
    """Follow the feed until a line comes on the standard input, and print what was heard as JSON."""
    ready, written = asyncio.Event(), asyncio.Event()
    following = asyncio.create_task(follow(url, os.getpid(), ready, written))
    await ready.wait()
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    written.set()
    say(json.dumps(asdict(await following)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
