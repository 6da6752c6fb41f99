import pytest

from doorward.infrastructure.quantity import quantity


@pytest.mark.parametrize(("number", "text"), [(0, "0 workers"), (1, "1 worker"), (2, "2 workers")])
def test_one_thing_has_no_plural(number: int, text: str) -> None:
    assert quantity(number, "worker") == text
