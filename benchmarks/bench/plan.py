"""The lengths and repetitions of `make bench` (FULL) and `make bench-quick` (QUICK)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often each contestant runs. In each round all contestants run once, one after the other.

    The speed of a shared machine changes every few seconds. Many short runs spread these changes over all contestants.
    """

    short: int
    hashing: int
    """In contests that hash passwords."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    connections: int
    """Open at once in the main contests and in the sign-in storms."""
    rounds: Rounds
    run_seconds: float
    hashing_run_seconds: float
    """Length of a run that hashes passwords. It is longer, since some peers complete only a few requests per second."""
    warm_up_seconds: float
    """Length of the load before a run that is not measured."""
    tokens: int
    """Number of accounts of Doorward, and of different tokens that the clients send in turn."""
    peer_accounts: int
    """Number of accounts that sign in to a peer in turn."""
    matrix: tuple[tuple[str, int, int], ...]
    """Database, workers and connections: the further configurations that Doorward is measured in."""
    matrix_rounds: Rounds
    mixed_requests: int
    """Requests of the mixed load, which runs twice."""
    storm_seconds: float
    storms: int
    starts: int
    account_counts: tuple[int, ...]
    """Sizes of the databases that the growth part compares, in ascending order."""
    growth_rounds: Rounds
    two_parts_at_once: bool
    """Whether two parts run at the same time. That is faster, and their figures are useless."""


FULL = Plan(
    connections=32,
    rounds=Rounds(short=15, hashing=5),
    run_seconds=2,
    hashing_run_seconds=10,
    warm_up_seconds=1,
    tokens=10_000,
    peer_accounts=64,
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
    mixed_requests=200_000,
    storm_seconds=4,
    storms=7,
    starts=7,
    account_counts=(10_000, 100_000, 1_000_000),
    growth_rounds=Rounds(short=9, hashing=5),
    two_parts_at_once=False,
)

QUICK = Plan(
    connections=8,  # a slow hasher that still computes for 32 clients delays the next run by seconds
    rounds=Rounds(1, 1),
    run_seconds=1,
    hashing_run_seconds=1,
    warm_up_seconds=0,
    tokens=200,
    peer_accounts=2,
    matrix=(("sqlite", 2, 64),),
    matrix_rounds=Rounds(1, 1),
    mixed_requests=500,
    storm_seconds=1,
    storms=1,
    starts=1,
    account_counts=(200, 1_000),
    growth_rounds=Rounds(1, 1),
    two_parts_at_once=True,
)
