import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

import doorward.infrastructure.log  # noqa: F401 before structlog, which would import rich
from support.audited_changes import watched

# The wire and the adapters are fuzzed at length elsewhere.
settings.register_profile("unit", settings.get_profile("doorward"), max_examples=20)
settings.load_profile("unit")

gc.set_threshold(
    100_000, 50, 100
)  # hundreds of small tests leave little behind, and looking for it took a fifth of their time


def pytest_collection_finish() -> None:
    """Leave what is imported out of every later garbage collection: pytest forces two at its end."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def every_change_is_audited() -> Iterator[None]:
    """AD-03: whatever a unit test lets a use case do, a change leaves an entry in the audit log."""
    with watched():
        yield
