import weakref

import pytest

from doorward.interfaces.cli.serve import StopRequest


class Anything:
    pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_request_in_a_destructor_is_remembered() -> None:
    stop, thing = StopRequest(), Anything()
    stop.exit_if_requested()
    reference = weakref.ref(thing, stop)
    del thing
    assert reference() is None
    with pytest.raises(SystemExit) as left:
        stop.exit_if_requested()
    assert left.value.code == 0


def test_a_stop_request_ends_the_start_at_once() -> None:
    with pytest.raises(SystemExit) as left:
        StopRequest()()
    assert left.value.code == 0
