"""Whatever is done to the keys: a token is accepted until it expires, unless its key was revoked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.keys.list_signing_keys import ListSigningKeys
from doorward.application.keys.maintain_signing_keys import MaintainSigningKeys
from doorward.application.keys.revoke_signing_key import RevokeSigningKey
from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.keys.signing_key import PROPAGATION_TIME, KeyState, may_have_signed, signing_at, state_of
from doorward.testing.doubles import NOON, PlainSealer
from support.house import House

DAILY = KeyRotation(period=timedelta(days=1))
SECOND = timedelta(seconds=1)

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["rotate", "rotate soon", "rotate at once", "revoke", "maintain"]),
        st.sampled_from([0, 1, 2, 7, 61, 600, 899, 3600, 43_200]),
        st.integers(0, 7),
    ),
    max_size=12,
)
"""What is done, how many seconds after the previous step, and to which key."""


@dataclass(slots=True)
class Lifecycle:
    """One database, and nodes whose clocks differ by up to four seconds."""

    house: House = field(default_factory=House)
    now: datetime = NOON
    signed: list[tuple[str, datetime]] = field(default_factory=list)

    async def run(self, steps: Sequence[tuple[str, int, int]]) -> None:
        parts = self.house.storage, PlainSealer(), DAILY, self.house.log
        await EnsureSigningKey(*parts)(self.now)
        rotate, revoke, maintain = RotateSigningKeys(*parts), RevokeSigningKey(*parts), MaintainSigningKeys(*parts)
        for step, seconds, number in steps:
            await self.sign_and_verify()
            self.now += seconds * SECOND
            match step:
                case "revoke":
                    keys = await ListSigningKeys(self.house.storage)()
                    kid = keys[number % len(keys)].kid
                    await revoke(kid, self.now)
                    self.signed = [token for token in self.signed if token[0] != kid]
                case "maintain":
                    await maintain(self.now)
                case _:
                    after = {"rotate": 86_400, "rotate soon": number, "rotate at once": 0}[step]
                    await rotate(self.now, after * SECOND)
        await self.sign_and_verify()

    async def sign_and_verify(self) -> None:
        keys = await ListSigningKeys(self.house.storage)()
        known = {key.kid: key for key in keys}
        assert [state_of(key, keys, self.now) for key in keys].count(KeyState.ACTIVE) == 1
        for behind in (-4, 0, 4):
            moment = self.now - behind * SECOND
            signer = signing_at(keys, moment)
            assert signer is not None
            self.signed.append((signer.kid, moment.replace(microsecond=0)))
        self.signed = [
            token for token in self.signed if token[1] + MAX_ACCESS_TOKEN_LIFETIME > self.now - PROPAGATION_TIME
        ]
        for kid, moment in self.signed:
            assert state_of(known[kid], keys, self.now) is not KeyState.GONE
            assert may_have_signed(known[kid], keys, moment)


@given(STEPS)
def test_a_token_of_a_stored_key_is_accepted_until_it_expires(
    steps: Sequence[tuple[str, int, int]],
) -> None:
    """TK-21."""
    asyncio.run(Lifecycle().run(steps))
