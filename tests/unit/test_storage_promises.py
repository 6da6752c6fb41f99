"""Each promise of the storage ports is shown by a contract test, and each contract test shows a promise."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest

import doorward.testing.contracts.storage as contracts
from doorward.testing.contracts.storage.promises import promises, resolved, shown_by

FOLDER = Path(contracts.__file__).parent


def contract_tests() -> Iterator[FunctionType]:
    for path in sorted(FOLDER.glob("test_*.py")):
        module = importlib.import_module(f"{contracts.__name__}.{path.stem}")
        yield from (test for name, test in vars(module).items() if name.startswith("test_"))


def test_every_promise_of_a_port_is_shown_by_a_contract_test() -> None:
    shown = {promised for test in contract_tests() for promised in shown_by(test)}
    made = {(member, sentence) for member, sentences in promises().items() for sentence in sentences}
    assert not sorted(made - shown)


def test_every_contract_test_shows_a_promise() -> None:
    """So that an adapter is asked for nothing else."""
    assert not [test.__qualname__ for test in contract_tests() if not shown_by(test)]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("UserRepository.add", 5), ("UserRepository.add: Raise", 4), ("UserRepository.add: Lend", 0), ("Nobody.add", 0)],
)
def test_a_name_that_does_not_mean_one_promise_is_refused(name: str, meant: int) -> None:
    with pytest.raises(LookupError, match=f"means {meant} promises"):
        resolved(name)


def test_what_is_asked_of_callers_is_no_promise() -> None:
    assert promises()["SignInCodeRepository.put"] == (
        "Store the code in place of an older one of the same account.",
        "Raise AccountMissing if there is no such account.",
    )
