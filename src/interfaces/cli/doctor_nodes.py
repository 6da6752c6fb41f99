"""Findings of `doorward doctor` about the nodes on the database, and about the settings that they share."""

from collections.abc import Iterator

from doorward.application.change_feed.heartbeat import MAX_AGE_SECONDS
from doorward.application.nodes.list_nodes import ListNodes, Nodes
from doorward.domain.errors import DomainError
from doorward.domain.nodes.beat import MAX_FUTURE_SECONDS
from doorward.domain.nodes.node import SeenNode
from doorward.infrastructure.container import make_container
from doorward.infrastructure.finding import Finding
from doorward.infrastructure.node_texts import difference
from doorward.infrastructure.quantity import quantity
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.cli.output import rfc3339


async def diagnose_nodes(settings: Settings) -> list[Finding]:
    """Return a finding about the processes that are alive, and one about the shared settings."""
    container = make_container(settings)
    try:
        found = await (await container.get(ListNodes))()
    except (StartRefused, DomainError) as error:
        return [Finding(check="nodes", state="wrong", text=str(error), fix="see the finding about the database")]
    finally:
        await container.close()
    return [*about_settings(found), about_processes(found), *about_heartbeat(found)]


def about_settings(found: Nodes) -> Iterator[Finding]:
    for each in found.disagreements:
        line, _, fix = difference(each).partition(": ")
        yield Finding(check="shared settings", state="wrong", text=line, fix=fix)
    if not found.disagreements:
        yield Finding(check="shared settings", state="ok", text="those on which the nodes of this database have agreed")


def about_processes(found: Nodes) -> Finding:
    """Return the finding that lists the processes. Only while an upgrade runs do they have different versions."""
    versions = {each.node.version for each in found.alive}
    listed = "".join(f"; {described(each)}" for each in found.alive)
    return Finding.judged(
        "nodes",
        f"{quantity(len(found.alive), 'worker')} alive{listed}",
        good=len(versions) <= 1,
        fix="end the upgrade: start each node with the newest version",
        otherwise="advice",
    )


def about_heartbeat(found: Nodes) -> Iterator[Finding]:
    """A finding about the age of what is read, while there are nodes that keep a heartbeat."""
    if found.beat is None or not found.alive:
        return
    age = found.beat.age_seconds
    behind = "the clock of the server that was read is behind that of the primary"
    yield Finding.judged(
        "heartbeat",
        f"{age:.1f} s old" if age >= -MAX_FUTURE_SECONDS else behind,
        good=-MAX_FUTURE_SECONDS <= age <= MAX_AGE_SECONDS,
        fix="see why the replica is late, and synchronise the clocks of the servers by NTP",
    )


def described(seen: SeenNode) -> str:
    node, since = seen.node, rfc3339(seen.started_at.replace(microsecond=0))
    return f"{node.name} ({node.version}) since {since}, last heard {max(seen.age_seconds, 0):.0f} s ago"
