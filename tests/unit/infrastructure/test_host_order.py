from doorward.infrastructure.sql.mysql.host_order import MIN_PAUSE_SECONDS, HostOrder
from doorward.infrastructure.sql.mysql.hosts import Host

ONE, TWO, THREE = Host("one"), Host("two"), Host("three")


def test_the_host_that_was_good_last_is_tried_first() -> None:
    order = HostOrder((ONE, TWO, THREE))
    assert order.in_turn() == [ONE, TWO, THREE]
    order.was_good(TWO, 0.01)
    assert order.in_turn() == [TWO, THREE, ONE]


def test_a_host_that_is_the_wrong_one_comes_last_and_its_connections_are_of_the_past() -> None:
    order = HostOrder((ONE, TWO, THREE))
    order.leave(ONE, generation=0)
    assert (order.in_turn(), order.generation) == ([TWO, THREE, ONE], 1)


def test_many_connections_of_the_past_do_not_move_on_twice() -> None:
    order = HostOrder((ONE, TWO, THREE))
    for _ in range(5):
        order.leave(ONE, generation=0)
    assert (order.in_turn(), order.generation) == ([TWO, THREE, ONE], 1)


def test_an_only_host_stays_the_first_one() -> None:
    order = HostOrder((ONE,))
    order.leave(ONE, generation=0)
    assert (order.in_turn(), order.generation) == ([ONE], 1)


def test_a_far_host_is_waited_for_longer_before_the_next_one_is_tried() -> None:
    order = HostOrder((ONE, TWO))
    order.was_good(ONE, 0.01)
    assert order.pause_seconds == MIN_PAUSE_SECONDS
    order.was_good(ONE, 0.6)
    assert order.pause_seconds == 1.2
