"""Each promise in the docstrings of the ports is proved by a test that names it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from doorward.application.ports.clock import Clock
from doorward.application.ports.letters import LinkTokens, Mailer
from doorward.application.ports.rate_limits import RateLimiter
from doorward.application.ports.security import (
    AccessTokens,
    KeySealer,
    PasswordHasher,
    PasswordStrength,
    SecurityLog,
)
from doorward.testing.contracts import (
    access_tokens,
    clock,
    key_sealer,
    link_tokens,
    mailer,
    password_hasher,
    password_strength,
    rate_limiter,
    security_log,
)
from doorward.testing.contracts.promises import PROVED, promises_of, proves

TESTS = Path(__file__).parents[2]
CONTRACTS: dict[type, ModuleType] = {
    PasswordHasher: password_hasher,
    PasswordStrength: password_strength,
    AccessTokens: access_tokens,
    KeySealer: key_sealer,
    Clock: clock,
    SecurityLog: security_log,
    LinkTokens: link_tokens,
    Mailer: mailer,
    RateLimiter: rate_limiter,
}

PROVED_ON_ADAPTERS = {
    ("PasswordHasher", "Both coroutines raise HashingBusy"): (
        "integration/security/test_hashing_pool.py::test_beyond_threads_and_queue_it_is_busy_at_once"
    ),
    ("PasswordHasher.verify", "It takes as long"): (
        "integration/security/test_passwords.py"
        "::test_a_wrong_password_costs_the_same_whether_anybody_has_the_name_or_not"
    ),
    ("PasswordHasher.verify", "A hash whose parameters exceed"): (
        "integration/security/test_passwords.py::test_a_damaged_or_absurd_hash_is_a_mismatch_and_an_event"
    ),
    ("PasswordHasher.verify", "Both are recorded"): (
        "integration/security/test_passwords.py::test_a_damaged_or_absurd_hash_is_a_mismatch_and_an_event"
    ),
    ("PasswordHasher.verify", "Each login may take"): (
        "unit/infrastructure/test_hashing_queue.py"
        "::test_the_two_names_of_an_account_take_a_quarter_of_the_queue_at_most"
    ),
    ("PasswordHasher.unusable_reason", "Nothing is hashed"): (
        "integration/security/test_passwords.py::test_whether_a_hash_is_usable_is_told_without_hashing"
    ),
    ("PasswordStrength.weakness", "It takes about a millisecond"): (
        "integration/security/test_password_strength.py::test_the_estimated_part_is_a_beginning_and_bounded"
    ),
    ("AccessTokens", "Neither the database nor the network"): (
        "integration/security/test_key_ring.py::test_looking_up_a_kid_asks_no_storage"
    ),
    ("AccessTokens.issue", "StorageUnavailable is raised"): (
        "integration/security/test_key_ring.py::test_a_ring_that_was_never_filled_calls_no_token_good_or_bad"
    ),
}
"""What needs more than a contract can know of an implementation, such as its parameters, its queue or its storage."""


def proved_in(contract: ModuleType) -> Iterator[tuple[str, str]]:
    for name, test in vars(contract).items():
        if name.startswith("test_"):
            yield from getattr(test, PROVED, [])


@pytest.mark.parametrize("port", CONTRACTS, ids=lambda port: port.__name__)
def test_each_promise_is_proved_by_a_test_that_names_it(port: type) -> None:
    promised = promises_of(port)
    elsewhere = {
        promise
        for promise in promised
        for member, begin in PROVED_ON_ADAPTERS
        if promise[0] == member and promise[1].startswith(begin)
    }
    proved = set(proved_in(CONTRACTS[port]))
    assert promised
    assert set(promised) - proved == elsewhere
    assert elsewhere.isdisjoint(proved)


@pytest.mark.parametrize("port", CONTRACTS, ids=lambda port: port.__name__)
def test_each_test_of_a_contract_names_what_it_proves(port: type) -> None:
    tests: dict[str, Any] = {name: test for name, test in vars(CONTRACTS[port]).items() if name.startswith("test_")}
    assert [name for name, test in tests.items() if not getattr(test, PROVED, [])] == []


@pytest.mark.parametrize("test", PROVED_ON_ADAPTERS.values())
def test_the_tests_of_adapters_exist(test: str) -> None:
    path, _, name = test.partition("::")
    assert name in {getattr(each, "name", None) for each in ast.walk(ast.parse((TESTS / path).read_text()))}


def test_a_test_that_names_no_sentence_or_two_of_them_is_refused() -> None:
    for beginning in ("Return whatever", "Return"):
        with pytest.raises(LookupError, match="sentences about PasswordHasher"):
            proves(PasswordHasher.verify, beginning)
