"""`make feed-load` at a small rate: each node hears of each end. The rate of the goal is for a machine that is idle."""

import asyncio
import os

import pytest

from doorward.infrastructure.sql.urls import DatabaseUrl
from feed_load.__main__ import report
from feed_load.load import Load, Written, write
from feed_load.node import Heard, follow
from feed_load.pruning import prune
from support.length import FULL
from support.made_tables import make_tables

LOAD = Load(changes=2_000, ends=800, seconds=30.0) if FULL else Load(changes=400, ends=160, seconds=0.5)


async def load(url: str) -> tuple[Written, list[Heard]]:
    ready, is_written = [asyncio.Event() for _ in range(2)], asyncio.Event()
    nodes = [asyncio.create_task(follow(url, os.getpid(), each, is_written)) for each in ready]
    for each in ready:
        await each.wait()
    written = await write(url, LOAD)
    is_written.set()
    return written, await asyncio.gather(*nodes)


@pytest.mark.parametrize("database", ["sqlite", pytest.param("mysql", marks=pytest.mark.full)])
async def test_two_nodes_hear_of_everything_that_is_announced_at_a_steady_rate(
    database: str, request: pytest.FixtureRequest, tmp_path: object
) -> None:
    url = request.getfixturevalue("mysql_url") if database == "mysql" else f"sqlite:///{tmp_path}/feed.db"
    make_tables(DatabaseUrl.parse(url))
    written, heard = await load(url)
    assert written.ends > 0
    assert [node.ends for node in heard] == [written.ends] * 2
    assert report(written, heard).count("\n") == 2
    rates = await prune(url, 100)
    assert rates.keys() == {"changes", "sessions"}
    assert min(rates.values()) > 0
