"""Two starts on one database, and what the second one is told when its settings differ."""

from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.nodes.agree_on_settings import AgreeOnSettings
from doorward.application.nodes.list_nodes import ListNodes, Nodes
from doorward.application.nodes.report_node import ReportNode
from doorward.domain.ids import uuid7
from doorward.domain.nodes.beat import Beat
from doorward.domain.nodes.node import Node as Process
from doorward.domain.nodes.node import NodeId, SeenNode
from doorward.infrastructure.adapters.storage_adapter import StorageAdapter
from doorward.infrastructure.container import make_container
from doorward.infrastructure.finding import Finding
from doorward.infrastructure.security.fingerprint import fingerprint
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.settings.keywords import settings_of
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.cli.doctor_nodes import about_heartbeat, diagnose_nodes
from doorward.interfaces.start_preparation import prepare_start
from doorward.testing.doubles import NOON
from support.programs.command_line import Doorward

SECRET, OTHER_SECRET = "t0p-of-the-class/7Jx2QmZk9sVbN4wLr8", "b0ttom-of-the-class/6Hw1PlYj8rUaM3vKq7"
ISSUER = "https://auth.example.com"
Node = Callable[..., Settings]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """The settings of a node, all on one database."""
    (tmp_path / "data").mkdir(mode=0o700)

    def settings(**changed: object) -> Settings:
        common = {"data_dir": tmp_path / "data", "secret_key": SECRET, "issuer": ISSUER}
        return settings_of({**common, **changed})

    return settings


async def refusal(settings: Settings) -> str:
    with pytest.raises(StartRefused) as refused:
        await prepare_start(settings, migrate=False)
    return str(refused.value)


async def test_a_node_that_differs_is_refused_in_one_line_that_names_both_values(node: Node) -> None:
    await prepare_start(node(), migrate=True)
    await prepare_start(node(), migrate=False)
    for setting, agreed in (("issuer", ISSUER), ("audience", "doorward")):
        told = await refusal(node(**{setting: "urn:other"}))
        assert told.startswith(f"DOORWARD_{setting.upper()} is urn:other here, and {agreed} on the other nodes")
        assert "`doorward settings adopt`" in told
        assert "\n" not in told


async def test_a_change_of_the_life_of_access_tokens_reaches_one_node_after_the_other(node: Node) -> None:
    """No node is refused, and those that still have the other value are named."""
    await prepare_start(node(), migrate=True)
    container = make_container(node())
    await (await container.get(ReportNode)).once()
    await prepare_start(node(access_token_seconds=300), migrate=False)
    await container.close()
    (differing, _) = await diagnose_nodes(node())
    assert differing.text.startswith("DOORWARD_ACCESS_TOKEN_SECONDS is 900 here, and 300 on the other nodes")
    assert differing.state == "wrong"


async def test_an_installation_of_an_earlier_version_starts_without_a_step(node: Node) -> None:
    """Its table of shared settings is new, and empty."""
    container = make_container(node())
    await (await container.get(StorageAdapter)).migrate()
    await (await container.get(EnsureSigningKey))(NOON)
    await container.close()
    await prepare_start(node(), migrate=True)
    assert "DOORWARD_ISSUER" in await refusal(node(issuer="urn:other"))


async def test_another_master_secret_is_named_by_the_key_that_it_does_not_open(node: Node) -> None:
    await prepare_start(node(), migrate=True)
    told = await refusal(node(secret_key=OTHER_SECRET))
    assert "was sealed under another DOORWARD_SECRET_KEY" in told
    assert OTHER_SECRET not in told


@pytest.mark.parametrize(("age_seconds", "state"), [(0.4, "ok"), (6, "wrong"), (-2, "wrong"), (None, None)])
def test_the_doctor_says_how_old_the_reads_are(age_seconds: float | None, state: str | None) -> None:
    node = Process(id=NodeId(uuid7(NOON)), name="one.example 1", version="1")
    seen = SeenNode(node=node, started_at=NOON, age_seconds=1)
    beat = None if age_seconds is None else Beat(NOON, age_seconds)
    found = list(about_heartbeat(Nodes(alive=[seen], disagreements=(), beat=beat)))
    assert [finding.state for finding in found] == ([] if state is None else [state])


def test_the_fingerprint_is_of_the_present_secret_and_contains_none_of_it() -> None:
    one, other = MasterSecret(SECRET.encode()), MasterSecret(OTHER_SECRET.encode())
    assert fingerprint(one) == fingerprint(MasterSecret(SECRET.encode(), other)) != fingerprint(other)
    assert len(fingerprint(one)) == 16
    assert fingerprint(one) not in one.derive(b"doorward fingerprint v1").hex()


async def test_the_doctor_lists_the_workers_that_are_alive_and_what_differs(node: Node) -> None:
    await prepare_start(node(), migrate=True)
    container = make_container(node())
    assert await (await container.get(AgreeOnSettings))() == ()
    report = await container.get(ReportNode)
    await report.once()
    alone = {finding.check: finding for finding in await diagnose_nodes(node())}
    assert alone["nodes"].text.startswith("1 worker alive; ")
    assert ", last heard 0 s ago" in alone["nodes"].text
    assert alone["shared settings"].state == "ok"
    (differing, _) = await diagnose_nodes(node(issuer="urn:other"))
    assert differing == Finding(
        check="shared settings",
        state="wrong",
        text=f"DOORWARD_ISSUER is urn:other here, and {ISSUER} on the other nodes of this database, so that each would "
        "refuse the tokens of the other",
        fix=f"set DOORWARD_ISSUER={ISSUER} (DOORWARD_PUBLIC_URL is the issuer without it), or run `doorward settings "
        "adopt` to change it for all.",
    )
    await report.leave()
    await container.close()
    assert (await diagnose_nodes(node()))[-1].text == "0 workers alive"


async def test_an_operator_changes_the_settings_of_all_nodes_by_a_command(node: Node, tmp_path: Path) -> None:
    """Nodes that are alive keep the former ones until they are restarted, so the command names them."""
    await prepare_start(node(), migrate=True)
    container = make_container(node())
    report = await container.get(ReportNode)
    await report.once()
    program = Doorward.patient(tmp_path).having(
        DOORWARD_DATA_DIR=str(tmp_path / "data"), DOORWARD_SECRET_KEY=SECRET, DOORWARD_ISSUER="urn:other"
    )
    adopted = program("settings", "adopt", "--yes")
    assert (adopted.returncode, adopted.stdout) == (0, f"Changed issuer from {ISSUER} to urn:other.\n"), adopted.stderr
    (alive,) = (await (await container.get(ListNodes))()).alive
    assert f"Still alive, to be restarted with the new settings: {alive.node.name}.\n" in adopted.stderr
    await container.close()
    await prepare_start(node(issuer="urn:other"), migrate=False)
    assert "DOORWARD_ISSUER" in await refusal(node())
