"""How long and how often, for `make bench` and for `make bench-quick`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rounds:
    """In each of them all contestants have their turn, one after the other. A machine that is shared has moods of a few
    seconds: many short turns bring all contestants the same ones."""

    short: int
    hashing: int
    """Of contests in which passwords are hashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    rounds: Rounds
    seconds: float
    """Of a run."""
    hashing_seconds: float
    """Of a run in which passwords are hashed: whoever hashes on its only thread has no answer for long."""
    warm_up: float
    """Seconds before a run, in which nothing is measured."""
    tokens: int
    """Different ones that are presented in turn."""
    somebody: int
    """Accounts that sign in in turn."""
    matrix: tuple[tuple[str, int, int], ...]
    """Database, workers, connections: what else Doorward is measured on, beside MySQL with one worker and 32."""
    matrix_rounds: Rounds
    mixed: int
    """Requests of the mixed load, twice."""
    storm: float
    """Seconds."""
    storms: int
    starts: int
    sizes: tuple[int, ...]
    """Accounts."""
    growth_rounds: Rounds


CONNECTIONS = 32

FULL = Plan(
    rounds=Rounds(short=15, hashing=5),
    seconds=2,
    hashing_seconds=10,
    warm_up=1,
    tokens=10_000,
    somebody=64,
    matrix=(
        ("mysql", 2, 32),
        ("sqlite", 1, 32),
        ("sqlite", 2, 32),
        ("mysql", 1, 64),
        ("mysql", 2, 64),
        ("sqlite", 1, 64),
        ("sqlite", 2, 64),
    ),
    matrix_rounds=Rounds(short=5, hashing=2),
    mixed=200_000,
    storm=4,
    storms=7,
    starts=7,
    sizes=(10_000, 100_000, 1_000_000),
    growth_rounds=Rounds(short=9, hashing=5),
)

QUICK = Plan(
    rounds=Rounds(1, 1),
    seconds=0.5,
    hashing_seconds=1,
    warm_up=0,
    tokens=400,
    somebody=8,
    matrix=(("sqlite", 2, 64),),
    matrix_rounds=Rounds(1, 1),
    mixed=1_500,
    storm=1,
    storms=1,
    starts=1,
    sizes=(200, 1_000, 2_000),
    growth_rounds=Rounds(1, 1),
)
