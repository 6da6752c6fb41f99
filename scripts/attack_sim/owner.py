from random import Random

from attack_sim.world import Outcome, World
from doorward.domain.accounts.user import User
from doorward.testing.builders import PASSWORD

MISTYPES = 0.3
"""How often the owner types another password."""

MAX_TRIES = 6
PATIENCE_SECONDS = 60
"""An owner who has to wait for longer gives up until the next time."""

TIMES_PER_DAY = 24


class Owner:
    """Wants to sign in each hour, mistypes three times in ten, and tries again. With `keeps_cookie` the browser marks
    itself at the first success, which is made before the attack begins."""

    def __init__(self, random: Random, user: User, *, keeps_cookie: bool) -> None:
        self._random = random
        self._name = user.username.value
        self._keeps_cookie = keeps_cookie
        self._device_token: str | None = None
        self._tries = 0
        self.wanted = 0
        self.got_in = 0

    async def act(self, world: World) -> float:
        if not self._tries:
            self.wanted += 1
        self._tries += 1
        mistyped = self.wanted > 1 and self._random.random() < MISTYPES
        password = "a typing error" if mistyped else PASSWORD
        answer = await world.sign_in("198.51.100.7", self._name, password, self._device_token)
        if answer.outcome is Outcome.IN:
            self.got_in += 1
            self._device_token = answer.device_token if self._keeps_cookie else None
        elif self._tries < MAX_TRIES and answer.wait_seconds <= PATIENCE_SECONDS:
            return answer.wait_seconds + self._random.uniform(3, 10)
        self._tries = 0
        return 86_400 / TIMES_PER_DAY
