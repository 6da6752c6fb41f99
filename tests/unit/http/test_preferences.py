"""How long a client wants to wait for a new list, by its `Prefer` header (RFC 7240)."""

import pytest

from doorward.interfaces.http.sessions.revocation_list import MAX_WAIT_SECONDS, seconds_to_wait


@pytest.mark.parametrize(
    "preference",
    [
        b"wait=7",
        b"respond-async, WAIT = 7 ; foo",
        b'wait="7"',
        b"wait=7, wait=30",
        b"handling=strict,wait=7",
        b"wait=007",
    ],
)
def test_the_preferred_wait_is_granted(preference: bytes) -> None:
    assert seconds_to_wait([(b"accept", b"*/*"), (b"prefer", preference)]) == 7


def test_the_wait_is_limited() -> None:
    assert seconds_to_wait([(b"prefer", b"wait=31")]) == MAX_WAIT_SECONDS
    assert seconds_to_wait([(b"prefer", b"wait=999999999")]) == MAX_WAIT_SECONDS


@pytest.mark.parametrize(
    "preference",
    [b"wait", b"wait=", b"wait=0", b"wait=-1", b"wait=soon", b"await=9", b"wait=1.5", b"x=wait=9", b"wait=9999999999"],
)
def test_a_preference_that_is_not_understood_is_ignored(preference: bytes) -> None:
    assert seconds_to_wait([(b"prefer", preference)]) == 0
