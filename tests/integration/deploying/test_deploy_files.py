"""The files in deploy/ and compose.yaml fit the settings, the routes, the ports and each other."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doorward.infrastructure.settings.loading import load_settings
from support.deploy_files import (
    COMPOSE,
    STOP_SECONDS,
    UNITS,
    Tree,
    compose,
    known_names,
    node_settings,
    texts,
    unit,
)
from support.programs.proxies import DEPLOY

TWO_NODES = COMPOSE[1]
VARIABLE = re.compile(r"\bDOORWARD_[A-Z_]+[A-Z]\b")
HEALTH = re.compile(r"/health/\w+")
MOST_EXPOSED = 20
"""What systemd calls an exposure of 2.0, of 10."""

NODES = [
    pytest.param(service, id=f"{path.name}-{name}")
    for path in COMPOSE
    for name, service in compose(path)["services"].items()
    if service["image"] == "doorward"
]


def test_each_setting_that_they_name_exists() -> None:
    named = {(path.name, name) for path, text in texts() for name in VARIABLE.findall(text)}
    assert {name for _, name in named} - known_names() == set()
    assert {path for path, _ in named} >= {"compose.yaml", "two-nodes.yaml", "doorward.service", "_helpers.tpl"}


def test_each_health_route_that_they_name_exists() -> None:
    assert {route for _, text in texts() for route in HEALTH.findall(text)} == {"/health/live", "/health/ready"}


@pytest.mark.parametrize("service", NODES)
def test_a_node_of_a_compose_file_starts_with_its_settings(service: Tree) -> None:
    settings = load_settings({"DOORWARD_DATA_DIR": "/data", **node_settings(service)})
    assert "mysql://doorward:***@" in settings.database.masked
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    if service.get("restart") == "unless-stopped":
        drain = int(node_settings(service).get("DOORWARD_DRAIN_SECONDS", 0))
        assert service["stop_grace_period"] == f"{STOP_SECONDS + drain}s"


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_services_of_a_compose_file_wait_for_services_and_mount_what_is_there(path: Path) -> None:
    tree = compose(path)
    for service in tree["services"].values():
        assert set(service.get("depends_on", {})) <= set(tree["services"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in tree["volumes"] or source.startswith("${") or (path.parent / source).exists()
        assert "build" not in service or (path.parent / service["build"] / "Dockerfile").exists()


def test_the_two_nodes_are_where_haproxy_looks_for_them() -> None:
    services = compose(TWO_NODES)["services"]
    nodes = [node_settings(services[name]) for name in ("doorward-one", "doorward-two")]
    found = re.findall(r"^ +server \w+ (\S+)$", (DEPLOY / "haproxy" / "doorward.cfg").read_text("utf-8"), re.MULTILINE)
    assert found == [f"{node['DOORWARD_HOST']}:{node['DOORWARD_PORT']}" for node in nodes]
    assert all(services[name]["network_mode"] == "service:haproxy" for name in ("doorward-one", "doorward-two"))


def test_the_members_of_the_group_are_where_haproxy_looks_for_them() -> None:
    services = compose(TWO_NODES)["services"]
    text = (DEPLOY / "haproxy" / "mysql-group.cfg").read_text("utf-8")
    addresses = {name: services[name]["networks"]["database"]["ipv4_address"] for name in ("one", "two", "three")}
    assert dict(re.findall(r"^ +server (\w+) (\S+):3306$", text, re.MULTILINE)) == addresses
    assert "on-marked-down shutdown-sessions" in text
    (bound,) = re.findall(r"^ +bind (\S+)$", text, re.MULTILINE)
    assert f"@{bound}/" in node_settings(services["doorward-one"])["DOORWARD_DATABASE_URL"]
    asking = services["haproxy"]["networks"]["database"]["ipv4_address"]
    assert services["group"]["environment"]["HAPROXY_ADDRESS"] == asking
    for name, address in addresses.items():
        assert f"--report-host={address}" in services[name]["command"]
        assert f"--loose-group-replication-local-address={address}:33061" in services[name]["command"]
    assert services["group"]["entrypoint"][2:] == list(addresses)


def test_the_members_of_the_group_have_the_settings_of_the_document_about_failover() -> None:
    document = (DEPLOY.parent / "docs" / "scaling.md").read_text("utf-8")
    advised = re.findall(r"^(group_replication_\w+) = (\w+)$", document, re.MULTILINE)
    assert len(advised) == 4
    for name in ("one", "two", "three"):
        options = compose(TWO_NODES)["services"][name]["command"]
        assert {f"--loose-{setting.replace('_', '-')}={value}" for setting, value in advised} <= set(options)


@pytest.mark.parametrize("name", ["doorward.service", "doorward@.service"])
def test_a_unit_of_systemd_gives_a_node_the_time_to_stop(name: str) -> None:
    directives = unit(name)
    variables = dict(each.split("=", 1) for each in directives["Environment"])
    drain = int(variables["DOORWARD_DRAIN_SECONDS"])
    assert directives["TimeoutStopSec"] == [str(STOP_SECONDS + drain)]
    assert directives["KillMode"] == ["mixed"]
    given = {each.partition(":")[0] for each in directives["LoadCredential"]}
    named = {value.removeprefix("%d/") for value in variables.values() if value.startswith("%d/")}
    assert given == named


def test_the_units_of_one_node_and_of_several_differ_in_the_port_alone() -> None:
    one, several = dict(unit("doorward.service")), dict(unit("doorward@.service"))
    several["Environment"] = [each for each in several["Environment"] if each != "DOORWARD_PORT=%i"]
    del one["Description"], several["Description"]
    assert one == several


def test_the_migration_reads_the_settings_of_a_node_on_any_address(tmp_path: Path) -> None:
    """Outside of loopback no command starts without the master secret, so the unit has to hand it on."""
    variables = dict(each.split("=", 1) for each in unit("doorward-migrate.service")["Environment"])
    given = {each.partition(":")[0] for each in unit("doorward-migrate.service")["LoadCredential"]}
    assert given == {value.removeprefix("%d/") for value in variables.values() if value.startswith("%d/")}
    for name, content in (
        ("secret.key", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG="),
        ("database.url", "memory://"),
    ):
        (tmp_path / name).write_text(content, "utf-8")
        (tmp_path / name).chmod(0o600)
    here = {name: value.replace("%d", str(tmp_path)) for name, value in variables.items()}
    load_settings({**here, "DOORWARD_HOST": "0.0.0.0", "DOORWARD_PUBLIC_URL": "https://auth.example.com"})


def test_systemd_takes_the_units_and_finds_little_exposed(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    ours = Path(sys.executable).with_name("doorward")
    names = []
    for path in UNITS.iterdir():
        text = path.read_text("utf-8").replace("/opt/doorward/bin/doorward", str(ours))
        name = path.name.replace("@.", "@8080.")
        (tmp_path / name).write_text(text, "utf-8")
        names.append(str(tmp_path / name))
    verified = subprocess.run([program, "verify", *names], capture_output=True, text=True, check=False, timeout=60)
    assert (verified.returncode, verified.stderr) == (0, "")
    rating = [program, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", *names]
    rated = subprocess.run(rating, capture_output=True, text=True, check=False, timeout=60)
    assert rated.returncode == 0, rated.stdout[-500:] + rated.stderr


def test_the_shell_reads_the_script_that_forms_the_group() -> None:
    script = str(DEPLOY / "compose" / "form-group.sh")
    assert subprocess.run(["sh", "-n", script], capture_output=True, check=True, timeout=60).stderr == b""


def test_no_password_is_an_argument_of_what_the_script_starts(tmp_path: Path) -> None:
    """ST-04: every user of the machine sees arguments."""
    client, seen = tmp_path / "mysql", tmp_path / "seen"
    client.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {seen}.arguments\ncat >> {seen}.input\necho 0\n', "utf-8")
    client.chmod(0o700)
    passwords = {"MYSQL_ROOT_PASSWORD": "hunter2-of-root", "REPLICATION_PASSWORD": "hunter2-of-replication"}
    variables = passwords | {"HAPROXY_ADDRESS": "10.0.0.10", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    script = DEPLOY / "compose" / "form-group.sh"
    subprocess.run(["sh", script, "one", "two"], env=variables, check=True, capture_output=True, timeout=30)
    assert "hunter2" not in seen.with_suffix(".arguments").read_text("utf-8")
    assert passwords["REPLICATION_PASSWORD"] in seen.with_suffix(".input").read_text("utf-8")


def test_nobody_but_root_reads_the_settings_of_the_units() -> None:
    """ST-04: DOORWARD_SMTP_URL may be among them."""
    unit = (DEPLOY / "systemd" / "doorward.service").read_text("utf-8")
    assert re.findall(r"-m (\d+) /dev/stdin /etc/doorward/", unit) == ["0600"] * 4
