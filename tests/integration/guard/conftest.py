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
    guard = issuer.guard()
    yield guard
    guard.close()
