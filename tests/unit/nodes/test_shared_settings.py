"""The settings that all nodes on one database must share: what a start stores, refuses and replaces."""

from dataclasses import dataclass, field, replace

import pytest

from doorward.application.nodes.adopt_settings import AdoptSettings
from doorward.application.nodes.agree_on_settings import AgreeOnSettings
from doorward.application.nodes.list_nodes import ListNodes
from doorward.application.nodes.living import MISSED_REPORTS, REPORT_SECONDS_ON_FILES
from doorward.application.nodes.prune_nodes import SILENT_SECONDS, PruneNodes
from doorward.application.nodes.report_node import ReportNode
from doorward.application.nodes.shared_settings import SharedSettings
from doorward.application.ports.audit import AuditQuery
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.ids import uuid7
from doorward.domain.nodes.node import Node, NodeId
from doorward.domain.nodes.shared_setting import SECRET, SharedSetting
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.testing.doubles import NOON, FrozenClock, ListLog, PlainSealer
from doorward.testing.storage_access import put

HERE, THERE, EVERYWHERE = "http://127.0.0.1:8080", "http://127.0.0.1:8081", "https://auth.example.com"
ALIVE_SECONDS = MISSED_REPORTS * REPORT_SECONDS_ON_FILES


@dataclass(slots=True)
class Nodes:
    """Nodes on one database."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    log: ListLog = field(default_factory=ListLog)
    storage: MemoryStorage = field(init=False)

    def __post_init__(self) -> None:
        self.storage = MemoryStorage(self.clock.now)

    async def start(self, issuer: str, secret: str = "one", former: str | None = None) -> list[str]:
        """Start a node, and return the settings because of which it is refused."""
        found = await AgreeOnSettings(self.storage, shared(issuer, secret, former), PlainSealer(), self.log)()
        return [f"{each.setting.name}: {each.setting.value}, not {each.agreed}" for each in found]

    async def adopt(self, issuer: str, secret: str = "one") -> list[str]:
        replaced = await AdoptSettings(self.storage, shared(issuer, secret), self.log)(OPERATOR)
        return [change.name for change in replaced]

    def process(self, issuer: str = HERE) -> ReportNode:
        node = Node(id=NodeId(uuid7(self.clock.now())), name="one.example 1", version="1")
        return ReportNode(self.storage, node, shared(issuer, "one"), self.log)

    async def agreed(self) -> dict[str, str]:
        async with self.storage.reading() as reading:
            return dict(await reading.agreed_settings.all())

    async def entries(self) -> list[tuple[str, object]]:
        async with self.storage.reading() as reading:
            records = await reading.audit.page(AuditQuery(), None, 10)
        return [(record.sealed.event, record.after.get("issuer")) for record in records]


def shared(issuer: str, secret: str, former: str | None = None) -> SharedSettings:
    return SharedSettings(
        (
            SharedSetting(name="issuer", value=issuer, gives_way=lambda other: other.startswith("http://127.")),
            SharedSetting(name=SECRET, value=secret, former=frozenset({former} if former else ())),
        )
    )


async def test_the_first_start_stores_what_later_ones_must_have() -> None:
    nodes = Nodes()
    assert await nodes.start(EVERYWHERE) == []
    assert await nodes.agreed() == {"issuer": EVERYWHERE, SECRET: "one"}
    assert await nodes.start(EVERYWHERE) == []
    assert await nodes.start(HERE) == [f"issuer: {HERE}, not {EVERYWHERE}"]
    assert await nodes.agreed() == {"issuer": EVERYWHERE, SECRET: "one"}
    assert (nodes.log.events, await nodes.entries()) == ([], [])


async def test_a_setting_that_is_new_in_this_version_is_stored_by_the_first_start_of_it() -> None:
    nodes = Nodes()
    async with nodes.storage.transaction() as tx:
        await tx.agreed_settings.put("issuer", EVERYWHERE)
    assert await nodes.start(EVERYWHERE) == []
    assert await nodes.agreed() == {"issuer": EVERYWHERE, SECRET: "one"}


async def test_a_node_that_is_alone_may_take_another_address_of_its_machine_or_its_public_one() -> None:
    nodes = Nodes()
    await nodes.start(HERE)
    assert await nodes.start(THERE) == []
    nodes.clock.move(1)
    assert await nodes.start(EVERYWHERE) == []
    assert (await nodes.agreed())["issuer"] == EVERYWHERE
    assert [fields["by"] for event, fields in nodes.log.events if event is SecurityEvent.SETTING_ADOPTED] == [
        "start",
        "start",
    ]
    assert await nodes.entries() == [("setting_adopted", EVERYWHERE), ("setting_adopted", THERE)]


async def test_two_nodes_on_two_ports_are_told_and_one_that_is_gone_does_not_count() -> None:
    nodes = Nodes()
    await nodes.start(HERE)
    process = nodes.process()
    await process.once()
    assert await nodes.start(THERE) == [f"issuer: {THERE}, not {HERE}"]
    await process.leave()
    assert await nodes.start(THERE) == []
    await nodes.process().once()
    nodes.clock.move(ALIVE_SECONDS)
    assert await nodes.start(HERE) == [f"issuer: {HERE}, not {THERE}"]
    nodes.clock.move(1)
    assert await nodes.start(HERE) == []


async def test_what_may_differ_for_a_while_is_that_of_the_last_start_and_the_others_notice() -> None:
    nodes = Nodes()

    def node(seconds: str) -> SharedSettings:
        return SharedSettings((SharedSetting(name="access_token_seconds", value=seconds, may_differ=True),))

    one = Node(id=NodeId(uuid7(NOON)), name="one.example 1", version="1")
    process = ReportNode(nodes.storage, one, node("900"), nodes.log)
    await AgreeOnSettings(nodes.storage, node("900"), PlainSealer(), nodes.log)()
    await process.once()
    assert await AgreeOnSettings(nodes.storage, node("300"), PlainSealer(), nodes.log)() == ()
    assert await nodes.agreed() == {"access_token_seconds": "300"}
    await process.once()
    assert [event for event, _ in nodes.log.events] == [SecurityEvent.SETTING_ADOPTED, SecurityEvent.SETTINGS_DIFFER]


async def test_another_master_secret_is_refused_while_it_is_needed() -> None:
    nodes = Nodes()
    key = replace(PlainSealer().generate(NOON), sealed=b"under the secret of before")
    await nodes.start(EVERYWHERE)
    await put(nodes.storage, key)
    assert await nodes.start(EVERYWHERE, "two") == [f"{SECRET}: two, not one"]
    async with nodes.storage.transaction() as tx:
        assert await tx.keys.remove(key.kid)
    assert await nodes.start(EVERYWHERE, "two") == []


async def test_a_master_secret_that_replaces_the_one_of_before_needs_no_further_step() -> None:
    nodes = Nodes()
    await nodes.start(EVERYWHERE)
    await put(nodes.storage, PlainSealer().generate(NOON))
    await nodes.process(EVERYWHERE).once()
    assert await nodes.start(EVERYWHERE, "one", former="two") == []
    assert await nodes.start(EVERYWHERE, "two", former="one") == []
    assert await nodes.start(EVERYWHERE, "two") == []
    assert await nodes.start(EVERYWHERE, "one") == [f"{SECRET}: one, not two"]


async def test_an_operator_changes_what_all_share_on_purpose_and_running_nodes_notice() -> None:
    nodes = Nodes()
    await nodes.start(EVERYWHERE)
    process = nodes.process(EVERYWHERE)
    await process.once()
    assert await nodes.adopt(HERE) == ["issuer"]
    assert await nodes.adopt(HERE) == []
    assert await nodes.start(EVERYWHERE) == [f"issuer: {EVERYWHERE}, not {HERE}"]
    assert await nodes.entries() == [("setting_adopted", HERE)]
    for _ in range(2):
        await process.once()
    differing = {"setting": "issuer", "own": EVERYWHERE, "agreed": HERE}
    assert nodes.log.events == [
        (SecurityEvent.SETTING_ADOPTED, {"setting": "issuer", "before": EVERYWHERE, "after": HERE, "by": "operator"}),
        (SecurityEvent.SETTINGS_DIFFER, differing),
    ]


async def test_processes_are_listed_while_they_report_themselves() -> None:
    nodes = Nodes()
    await nodes.start(HERE)
    one = nodes.process()
    await one.once()
    nodes.clock.move(5)
    found = await ListNodes(nodes.storage, shared(THERE, "one"))()
    assert [(each.node.name, each.started_at, each.age_seconds) for each in found.alive] == [("one.example 1", NOON, 5)]
    assert [each.agreed for each in found.disagreements] == [HERE]
    nodes.clock.move(SILENT_SECONDS)
    assert (await ListNodes(nodes.storage, shared(HERE, "one"))()).alive == []
    assert await PruneNodes(nodes.storage)(nodes.clock.now()) == 1


@pytest.mark.parametrize("name", ["issuer", SECRET])
async def test_of_two_first_starts_with_different_settings_the_second_is_told(name: str) -> None:
    nodes = Nodes()
    await nodes.start(EVERYWHERE)
    await nodes.process(EVERYWHERE).once()
    other = shared(EVERYWHERE, "one").all
    changed = SharedSettings(tuple(replace(each, value="other") if each.name == name else each for each in other))
    found = await AgreeOnSettings(nodes.storage, changed, PlainSealer(), nodes.log)()
    assert [each.setting.name for each in found] == [name]
