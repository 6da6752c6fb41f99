"""Which contestants run in which contests, and the contests that hash passwords."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from bench.contests import Contest, Run, run_contest, wait_until_idle
from bench.plan import Plan, Rounds
from bench.wrk import Load, Sample
from peers.calls import Call

DOORWARD = "doorward"
ROLE_GUARDED, MANY_TOKENS = "role-guarded GET", "role-guarded GET, many tokens"
OWN_ACCOUNT, INTROSPECTION = "GET /api/account", "introspection"
NEW_ACCOUNTS = count(10_000_000)
"""Numbers of accounts that sign up. Each is used once."""

MAX_SIGN_UPS_PER_RUN = 4_000
"""More than any server completes in one run."""


@dataclass(slots=True)
class Schedule:
    """The runs of each contest, by contest and contestant."""

    plan: Plan
    runs: dict[str, dict[str, Run]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    """The reason for each peer that is not measured."""

    def add(self, contest: str, contestant: str, run: Run) -> None:
        self.runs.setdefault(contest, {})[contestant] = run

    def run(self, connections: int, rounds: Rounds) -> Iterator[Contest]:
        for name, runs in self.runs.items():
            yield run_contest(name, runs, self.plan, connections, rounds)


@dataclass(frozen=True, slots=True)
class HashingLoad:
    """Sign-ins and sign-ups.

    When a run ends, the server still hashes for clients that have disconnected. So each run waits for the end of that.
    """

    url: str
    pid: int
    accounts: int
    """Number of accounts that sign in in turn."""
    sign_in: Callable[[int], Call]

    def sign_in_run(self, connections: int, seconds: float) -> Sample:
        return self._run([self.sign_in(number) for number in range(self.accounts)], connections, seconds)

    def sign_up_run(self, sign_up: Callable[[int], Call]) -> Run:
        def run(connections: int, seconds: float) -> Sample:
            calls = [sign_up(next(NEW_ACCOUNTS)) for _ in range(MAX_SIGN_UPS_PER_RUN)]
            return self._run(calls, connections, seconds)

        return run

    def _run(self, calls: Sequence[Call], connections: int, seconds: float) -> Sample:
        result = Load(url=self.url, pid=self.pid, calls=calls).run(connections, seconds)
        wait_until_idle(self.url, self.sign_in(0))
        return result
