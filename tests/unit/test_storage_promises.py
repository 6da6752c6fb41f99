"""Each promise of the storage ports is proved by a contract test, and each contract test proves a promise."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any, get_type_hints

import pytest

import doorward.testing.contracts.storage as contracts
from doorward.application.ports.joining import JoinableStorage
from doorward.application.ports.storage import Reading, Storage, Transaction
from doorward.testing.contracts.promises import PROVED, promises_of

FOLDER = Path(contracts.__file__).parent


def repositories_of(whole: type) -> Iterator[type]:
    for member in vars(whole).values():
        if isinstance(member, property):
            hints: dict[str, Any] = get_type_hints(member.fget)
            yield hints["return"]


def ports() -> list[type]:
    """The protocols of storage, each once, with those that they extend."""
    found = [*repositories_of(Reading), *repositories_of(Transaction), Reading, Transaction, Storage, JoinableStorage]
    bases = dict.fromkeys(base for port in found for base in port.__mro__)
    return [base for base in bases if base.__module__.startswith("doorward.")]


def contract_tests() -> Iterator[FunctionType]:
    for path in sorted(FOLDER.glob("test_*.py")):
        module = importlib.import_module(f"{contracts.__name__}.{path.stem}")
        yield from (test for name, test in vars(module).items() if name.startswith("test_"))


def test_every_promise_of_a_port_is_proved_by_a_contract_test() -> None:
    proved = {promise for test in contract_tests() for promise in getattr(test, PROVED, [])}
    promised = {promise for port in ports() for promise in promises_of(port)}
    assert len(promised) > 200
    assert sorted(promised - proved) == []


def test_every_contract_test_proves_a_promise() -> None:
    """So that an adapter is asked for nothing else."""
    assert [test.__qualname__ for test in contract_tests() if not getattr(test, PROVED, [])] == []


@pytest.mark.parametrize("port", ports(), ids=lambda port: port.__name__)
def test_every_method_promises_something(port: type) -> None:
    members = {member for member, _ in promises_of(port)}
    methods = {f"{port.__name__}.{name}" for name, method in vars(port).items() if isinstance(method, FunctionType)}
    assert [method for method in methods - members if "._" not in method] == []
