from collections.abc import Iterator

import pytest

from doorward.guard import Guard
from support.issuer import Issuer


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def guard(issuer: Issuer) -> Iterator[Guard]:
    """A guard that has read keys and list."""
    guard = issuer.guard()
    guard.start()
    yield guard
    guard.close()
