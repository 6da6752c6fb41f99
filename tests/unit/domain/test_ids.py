from datetime import timedelta

from doorward.domain.ids import uuid7
from doorward.testing.doubles import NOON


def test_ids_have_version_7_and_the_standard_variant_and_contain_their_time() -> None:
    made = uuid7(NOON)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == int(NOON.timestamp() * 1000)


def test_later_ids_sort_after_earlier_ones() -> None:
    assert uuid7(NOON) < uuid7(NOON + timedelta(milliseconds=1))


def test_ids_of_the_same_moment_differ() -> None:
    assert len({uuid7(NOON) for _ in range(1000)}) == 1000
