"""The contract tests fail for adapters with one mistake each, and pass for the same adapter without it."""

import re

import pytest

from support.storage_contract_runs import outcomes
from support.wrong_adapters import KINDS

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
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outcomes of these tests, from one run of pytest."""
    return outcomes([*CAUGHT, *sorted(RIGHT)], tmp_path_factory.mktemp("wrong"), "-p", "support.wrong_adapters")


def test_every_mistake_is_shown() -> None:
    assert {mistake for test in CAUGHT for mistake in re.findall(r"\[(\w+)", test)} == KINDS.keys() - {"right"}


@pytest.mark.parametrize("test", CAUGHT, ids=str)
def test_a_wrong_adapter_fails_the_test_of_what_it_breaks(ended: dict[str, str], test: str) -> None:
    assert ended[test.partition("::")[2]] == "FAILED"


def test_the_same_adapter_without_a_mistake_passes(ended: dict[str, str]) -> None:
    assert {test: ended[test.partition("::")[2]] for test in RIGHT} == dict.fromkeys(RIGHT, "PASSED")
