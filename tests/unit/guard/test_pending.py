"""Waiting for a fetch that does not end."""

from concurrent.futures import Future

import pytest

import doorward.guard.pending
from doorward.guard import Unavailable
from doorward.guard.pending import Pending, settled, settled_async


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorward.guard.pending, "PATIENCE_SECONDS", 0)


def never() -> None:
    raise Pending(Future())


async def test_nobody_waits_for_ever() -> None:
    with pytest.raises(Unavailable, match="try again soon"):
        settled(never)
    with pytest.raises(Unavailable):
        await settled_async(never)


async def test_an_answer_that_always_depends_on_one_more_fetch_is_given_up() -> None:
    attempts = 0

    def again() -> None:
        nonlocal attempts
        attempts += 1
        fetched: Future[None] = Future()
        fetched.set_result(None)
        raise Pending(fetched)

    with pytest.raises(Unavailable):
        settled(again)
    with pytest.raises(Unavailable):
        await settled_async(again)
    assert attempts == 6
