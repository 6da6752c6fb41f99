"""The chart of Helm: what it says fits the code, and Helm itself makes of it what Kubernetes is to get."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import doorward
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.sources import FILE_SETTINGS, PREFIX, SECRET_SETTINGS
from support.deploy_files import CHART, STOP_SECONDS, known_names
from support.programs.go_programs import NotBuilt, built

VERSION = "v3.21.4"
KUBERNETES = "1.34.0"
GIVEN: dict[str, Any] = {
    "publicUrl": "https://auth.example.com",
    "secret": {"name": "doorward"},
    "drainSeconds": 7,
    "settings": {"DOORWARD_WORKERS": "2"},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {}}]},
    "migrate": {"secretName": "doorward-owner"},
}
MODULE = f"module helm.test\n\ngo 1.26\n\nrequire helm.sh/helm/v3 {VERSION}\n"


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert chart["appVersion"] == doorward.__version__


def test_the_schema_names_each_value_and_each_setting_that_a_secret_may_hold() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    assert set(values) == set(schema["properties"]) - {"global"}
    for name, described in schema["properties"].items():
        if "properties" in described:
            assert set(values[name]) == set(described["properties"])
    keys = schema["properties"]["secret"]["properties"]["keys"]["items"]["enum"]
    assert set(keys) == {PREFIX + name.upper() for name in FILE_SETTINGS}
    refused = {each["required"][0] for each in schema["properties"]["settings"]["not"]["anyOf"]}
    assert refused <= known_names()
    assert refused >= {PREFIX + name.upper() for name in SECRET_SETTINGS}, "a secret is in no variable of a container"


@pytest.fixture(scope="module")
def helm() -> Path:
    try:
        return built(f"helm-{VERSION}", {"go.mod": MODULE}, "helm.sh/helm/v3/cmd/helm")
    except NotBuilt as error:
        pytest.skip(f"Helm could not be had: {error}")


def run(helm: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([helm, *arguments], capture_output=True, text=True, check=False, timeout=120)


def rendered(helm: Path, folder: Path, **values: Any) -> dict[str, Any]:
    """Return what the chart makes of the values, by its kind."""
    file = folder / "values.json"
    file.write_text(json.dumps(GIVEN | values), "utf-8")
    made = run(helm, "template", "auth", str(CHART), "--values", str(file), "--kube-version", KUBERNETES)
    assert made.returncode == 0, made.stderr
    return {each["kind"]: each for each in yaml.safe_load_all(made.stdout) if each}


@pytest.mark.full
def test_helm_finds_nothing_to_say_about_the_chart(helm: Path, tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    file.write_text(json.dumps(GIVEN), "utf-8")
    linted = run(helm, "lint", "--strict", str(CHART), "--values", str(file), "--kube-version", KUBERNETES)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.full
def test_the_nodes_of_the_chart_start_with_their_settings_and_stop_in_time(helm: Path, tmp_path: Path) -> None:
    made = rendered(helm, tmp_path)
    assert set(made) == {"Deployment", "Job", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"}
    pod = made["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    secrets = {"DOORWARD_SECRET_KEY": "s" * 44, "DOORWARD_DATABASE_URL": "mysql://app:p@db/doorward"}
    variables = {each["name"]: each["value"] for each in container["env"]}
    for name, value in secrets.items():
        file = tmp_path / name
        file.touch(0o600)
        file.write_text(value, "utf-8")
        assert variables[f"{name}_FILE"] == f"/run/secrets/doorward/{name}"
        variables[f"{name}_FILE"] = str(file)
    settings = load_settings(variables)
    assert (settings.workers, settings.port) == (2, container["ports"][0]["containerPort"])
    assert pod["terminationGracePeriodSeconds"] == STOP_SECONDS + 7
    assert pod["enableServiceLinks"] is False
    probes = {probe: container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")}
    assert probes == {"livenessProbe": "/health/live", "readinessProbe": "/health/ready"}
    assert made["Service"]["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]


@pytest.mark.full
def test_no_container_of_the_chart_is_root_or_writes_to_its_own_files(helm: Path, tmp_path: Path) -> None:
    made = rendered(helm, tmp_path)
    for kind in ("Deployment", "Job"):
        pod = made[kind]["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
    sources = made["Job"]["spec"]["template"]["spec"]["volumes"][-1]["projected"]["sources"]
    assert [source["secret"]["name"] for source in sources] == ["doorward", "doorward-owner"]


@pytest.mark.full
@pytest.mark.parametrize(
    "wrong",
    [
        {"publicUrl": "http://auth.example.com"},
        {"secret": {"name": ""}},
        {"secret": {"name": "doorward", "keys": ["DOORWARD_SECRET_KEY"]}},
        {"settings": {"DOORWARD_PORT": "9000"}},
        {"settings": {"DOORWARD_WORKERS": 2}},
        {"replica": 3},
        {"drainSeconds": 601},
    ],
    ids=str,
)
def test_a_value_that_cannot_work_is_refused_by_the_schema(helm: Path, tmp_path: Path, wrong: dict[str, Any]) -> None:
    file = tmp_path / "values.json"
    file.write_text(json.dumps(GIVEN | wrong), "utf-8")
    refused = run(helm, "template", "auth", str(CHART), "--values", str(file), "--kube-version", KUBERNETES)
    assert refused.returncode != 0
    assert "schema" in refused.stderr
