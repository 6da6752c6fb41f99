"""The contract tests fail for adapters with one mistake each, and pass for the same adapter without it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.programs.processes import PATIENCE
from support.wrong_adapters import KINDS

PROJECT = Path(__file__).parents[3]
FOLDER = PROJECT / "doorward" / "testing" / "contracts" / "storage"

IN_VAIN = "test_commits::test_a_transaction_that_waits_in_vain_is_unavailable"
READS = "test_commits::test_a_listener_that_reads_finds_what_was_committed"
MEANWHILE = "test_commits::test_each_read_of_a_reading_returns_what_was_committed_meanwhile"
REFUSAL = "test_commits::test_a_refusal_does_not_end_the_transaction_and_changes_nothing_itself"
AWAY = "test_server_faults::test_a_server_that_does_not_listen_is_unavailable"
FAILING = "test_server_faults::test_a_server_that_fails_is_unavailable_and_serves_afterwards"
CONNECTING = "test_server_faults::test_a_server_that_fails_while_a_connection_is_made_is_unavailable"
LOST_ANSWER = "test_server_faults::test_a_commit_whose_answer_is_lost_is_refused_and_announced_as_uncertain"
LOST_CONNECTION = "test_server_faults::test_a_transaction_that_loses_its_connection_stores_nothing"

CAUGHT = [
    f"{FAILING}[timeless-stall]",
    f"{CONNECTING}[timeless-stall]",
    f"{LOST_ANSWER}[timeless-stall]",
    f"{IN_VAIN}[endless]",
    f"{AWAY}[leaky]",
    f"{FAILING}[leaky-close]",
    f"{CONNECTING}[leaky-reset]",
    f"{LOST_CONNECTION}[leaky]",
    f"{LOST_ANSWER}[leaky-close]",
    f"{READS}[hasty]",
    f"{LOST_ANSWER}[hasty-close]",
    f"{MEANWHILE}[snapshot]",
    f"{REFUSAL}[forgetful]",
    f"{LOST_ANSWER}[certain-close]",
    f"{LOST_CONNECTION}[certain]",
    f"{LOST_ANSWER}[silent-reset]",
    f"{REFUSAL}[doubtful]",
    f"{LOST_ANSWER}[repeating-close]",
]
"""The mistakes of `support/wrong_adapters.py`, and the tests that show them."""

RIGHT = {re.sub(r"\[\w+", "[right", test) for test in CAUGHT}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    """The outcome of each of these tests, from one run of pytest."""
    package = "doorward.testing.contracts.storage"
    chosen = [f"{package}.{test}" for test in [*CAUGHT, *sorted(RIGHT)]]
    options = ["-rA", "-q", "--tb=no", "-c", os.devnull, "-p", "support.wrong_adapters"]
    options += ["--rootdir", str(FOLDER), "--confcutdir", str(FOLDER)]  # without the adapters that conftest.py names
    options += ["-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:xdist", "-p", "no:unraisableexception"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--pyargs", *chosen],
        cwd=PROJECT / "tests",
        env=os.environ | {"PYTHONPATH": f"{PROJECT}/tests"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    found = re.findall(r"^(PASSED|FAILED|ERROR) \S*?(test_\w+)\.py(::\S+)", run.stdout, re.MULTILINE)
    assert len(found) >= len(chosen), run.stdout[-4_000:] + run.stderr[-1_000:]
    return {f"{module}{test}": outcome for outcome, module, test in found}


def test_every_mistake_is_shown() -> None:
    assert {mistake for test in CAUGHT for mistake in re.findall(r"\[(\w+)", test)} == KINDS.keys() - {"right"}


@pytest.mark.parametrize("test", CAUGHT, ids=str)
def test_a_wrong_adapter_fails_the_test_of_what_it_breaks(outcomes: dict[str, str], test: str) -> None:
    assert outcomes[test] == "FAILED"


def test_the_same_adapter_without_a_mistake_passes(outcomes: dict[str, str]) -> None:
    assert {test: outcomes[test] for test in RIGHT} == dict.fromkeys(RIGHT, "PASSED")
