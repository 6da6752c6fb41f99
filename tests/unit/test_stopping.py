import weakref

import pytest

from doorward.interfaces.cli.serve import Stop


class Anything:
    pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_that_came_where_no_exception_gets_through_is_heeded_later() -> None:
    stop, thing = Stop(), Anything()
    stop.leave_if_asked()
    reference = weakref.ref(thing, stop)
    del thing
    assert reference() is None
    with pytest.raises(SystemExit) as left:
        stop.leave_if_asked()
    assert left.value.code == 0


def test_a_stop_ends_the_start_at_once() -> None:
    with pytest.raises(SystemExit) as left:
        Stop()()
    assert left.value.code == 0
