"""Findings of `doorward doctor` about each host of the database URL, whether the service would use it or not."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from doorward.infrastructure.finding import Finding
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.contents import HEAD, schema_state
from doorward.infrastructure.sql.engine import open_engine, run_in_database
from doorward.infrastructure.sql.errors import error_code
from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.mysql.obstacles import EXPLANATIONS, OTHERWISE
from doorward.infrastructure.sql.mysql.origin import origin_of
from doorward.infrastructure.sql.mysql.standing import GROUP_NAME, MEMBER_IS, Standing, Use
from doorward.infrastructure.sql.schema import UNUSABLE, cause
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.infrastructure.sql.waiting import WaitLimit

ANSWER_SECONDS = 3.0
"""For connecting to a host and reading its revision."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a host said. `schema` is the revision of its tables, or why they cannot be used."""

    standing: Standing
    schema: str


async def diagnose_hosts(url: DatabaseUrl) -> list[Finding]:
    """Return a finding about each of several hosts, or about one that is set up as a member of a group, and about each
    host for reading."""
    hosts = (*url.hosts, *url.read_hosts)
    seen = await asyncio.gather(*(look_at(replace(url, hosts=(host,))) for host in hosts))
    group = most_frequent([each.standing.variables.get(GROUP_NAME, "") for each in seen if isinstance(each, Seen)])
    if len(hosts) == 1 and not group:
        return []
    uses = [Use.WRITING] * len(url.hosts) + [Use.LISTS] * len(url.read_hosts)
    is_only_host = len(url.hosts) == 1
    return [
        judged(host, each, group, use, is_only_host=is_only_host)
        for host, each, use in zip(hosts, seen, uses, strict=True)
    ]


async def look_at(url: DatabaseUrl) -> Seen | str:
    """Return what the only host of the URL said, or why it does not answer."""

    def look(connection: Connection) -> Seen:
        standing = origin_of(connection.connection).standing
        try:
            return Seen(standing, schema_state(url, connection).revision or "no tables")
        except StartRefused:
            return Seen(standing, "tables of something else")

    try:
        async with WaitLimit(ANSWER_SECONDS):
            return await run_in_database(open_engine(url, Use.ANY), look)
    except UNUSABLE as error:
        code = error_code(getattr(cause(error), "orig", None))
        return f"does not answer ({type(cause(error)).__name__}{f' {code}' if code else ''})"


def judged(host: Host, seen: Seen | str, group: str, use: Use, *, is_only_host: bool) -> Finding:
    check = f"host {host}" if use is Use.WRITING else f"read host {host}"
    if isinstance(seen, str):
        return Finding(check=check, state="wrong", text=seen, fix="start it, or remove it from the settings")
    if seen.standing.variables.get(GROUP_NAME, "") != group:
        text, fix = "belongs to another group than the other hosts", "remove it from the settings"
        return Finding(check=check, state="wrong", text=text, fix=fix)
    obstacle = seen.standing.obstacle(use, is_only_host=is_only_host)
    stands_by = not is_only_host and obstacle in {f"{MEMBER_IS}secondary", "server_is_read_only"}
    if obstacle is not None and not stands_by:
        words, fix = EXPLANATIONS.get(obstacle, OTHERWISE)
        return Finding(check=check, state="wrong", text=words, fix=fix)
    if seen.schema != HEAD:
        text, fix = f"has {seen.schema} where {HEAD} is needed", "see that it is a server of this database"
        return Finding(check=check, state="wrong", text=text, fix=fix)
    writer = "takes over when the primary fails" if stands_by else "takes writes"
    role = writer if use is Use.WRITING else "serves lists"
    return Finding(check=check, state="ok", text=f"{role}, revision {seen.schema}")


def most_frequent(names: Sequence[str]) -> str:
    return max(names, key=names.count, default="")
