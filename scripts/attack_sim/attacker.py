import heapq
from collections.abc import Sequence
from random import Random

from attack_sim.world import Outcome, World

SECONDS_PER_REQUEST = 0.05


class Attacker:
    """Guesses from many addresses at many login names, 20 times a second, and wastes no request: it waits for as long
    as `Retry-After` says, for a name or for an address. It never guesses right."""

    def __init__(self, random: Random, addresses: Sequence[str], names: Sequence[str]) -> None:
        self._random = random
        self._addresses = list(addresses)
        self._names = [(0.0, name) for name in names]
        self._blocked: list[tuple[float, str]] = []
        self.guesses: list[float] = []
        """When each guess that reached the hash was made, in seconds."""

    async def act(self, world: World) -> float:
        while self._blocked and self._blocked[0][0] <= world.seconds:
            self._addresses.append(heapq.heappop(self._blocked)[1])
        if not self._addresses:
            return self._blocked[0][0] - world.seconds
        ready_at, name = self._names[0]
        if ready_at > world.seconds:
            return ready_at - world.seconds
        chosen = self._random.randrange(len(self._addresses))
        hashed_before = world.house.hasher.work
        answer = await world.sign_in(self._addresses[chosen], name, "a guess")
        self.guesses += [world.seconds] * (world.house.hasher.work - hashed_before)
        if answer.outcome is Outcome.ADDRESS_WAITS:
            heapq.heappush(self._blocked, (world.seconds + answer.wait_seconds, self._addresses.pop(chosen)))
        elif answer.outcome is Outcome.NAME_WAITS:
            heapq.heapreplace(self._names, (world.seconds + answer.wait_seconds, name))
        else:
            heapq.heapreplace(self._names, (world.seconds, name))
        return SECONDS_PER_REQUEST

    def guesses_within(self, hours: float) -> int:
        """Return how many guesses reached the hash in the first hours."""
        return sum(at < hours * 3_600 for at in self.guesses)


def addresses(random: Random, number: int) -> list[str]:
    """Return addresses all over the Internet."""
    return [f"{random.randrange(1, 224)}.{random.randrange(256)}.{random.randrange(256)}.7" for _ in range(number)]
