"""Judges a workload: nine invariants, which hold whatever happened meanwhile."""

from collections.abc import Callable, Iterator
from itertools import islice

from support.faults.afterwards import Afterwards
from support.faults.answers import (
    answers_are_about_the_asker,
    answers_are_documented,
    memory_is_bounded,
    no_secret_is_logged,
    nothing_revoked_is_accepted,
    the_service_has_recovered,
)
from support.faults.ledger import Ledger
from support.faults.writes import (
    a_name_and_an_address_belong_to_one_account,
    a_refresh_token_has_one_successor,
    acknowledged_writes_are_there,
)

SHOWN = 5
"""Violations of one invariant that are shown."""

INVARIANTS: dict[str, Callable[[Ledger, Afterwards], Iterator[str]]] = {
    "I1": acknowledged_writes_are_there,
    "I2": a_refresh_token_has_one_successor,
    "I3": nothing_revoked_is_accepted,
    "I4": a_name_and_an_address_belong_to_one_account,
    "I5": answers_are_documented,
    "I6": the_service_has_recovered,
    "I7": no_secret_is_logged,
    "I8": memory_is_bounded,
    "I9": answers_are_about_the_asker,
}


def violations(ledger: Ledger, after: Afterwards) -> dict[str, list[str]]:
    """Some violations of each invariant that does not hold."""
    found = {name: list(islice(holds(ledger, after), SHOWN)) for name, holds in INVARIANTS.items()}
    return {name: lines for name, lines in found.items() if lines}


def check(ledger: Ledger, after: Afterwards) -> None:
    """Fail if an invariant does not hold, and say what was seen."""
    found = violations(ledger, after)
    assert not found, "\n".join(f"{name}: {line}" for name, lines in found.items() for line in lines)
