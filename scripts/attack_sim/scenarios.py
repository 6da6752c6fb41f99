"""What is simulated. Each scenario has a world and random numbers of its own, so that one does not change another."""

from collections.abc import Sequence
from dataclasses import dataclass

from attack_sim.attacker import Attacker, addresses
from attack_sim.owner import Owner
from attack_sim.world import Actor, World

SEED = 20261130


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is simulated."""

    hours: float = 24
    addresses: int = 1_000
    accounts: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    scenario: str
    first_hour: int = 0
    """Guesses that reached the hash."""
    guesses: int = 0
    """The same in the whole time."""
    wanted: int = 0
    got_in: int = 0
    """How often the owner wanted to sign in, and did."""


def result(scenario: str, scale: Scale, attacker: Attacker | None, owner: Owner | None) -> Result:
    return Result(
        scenario=scenario,
        first_hour=attacker.guesses_within(1) if attacker else 0,
        guesses=attacker.guesses_within(scale.hours) if attacker else 0,
        wanted=owner.wanted if owner else 0,
        got_in=owner.got_in if owner else 0,
    )


async def clumsy_owner(seed: int, scale: Scale, *, keeps_cookie: bool, attacked: bool) -> Result:
    """One account, whose owner mistypes; with `attacked`, many addresses guess at both of its names meanwhile."""
    world = World(seed)
    (user,) = await world.with_accounts(1)
    owner = Owner(world.random, user, keeps_cookie=keeps_cookie)
    attacker = Attacker(world.random, addresses(world.random, scale.addresses), [*user.names])
    actors: Sequence[Actor] = [owner, attacker] if attacked else [owner]
    await world.run(actors, scale.hours)
    who = f"{scale.addresses:,} addresses on one account" if attacked else "no attack"
    browser = "the owner's browser is known" if keeps_cookie else "the owner's browser keeps no cookie"
    return result(f"{who}; {browser}", scale, attacker if attacked else None, owner)


async def spraying(seed: int, scale: Scale) -> Result:
    """One address over many accounts."""
    world = World(seed)
    users = await world.with_accounts(scale.accounts)
    attacker = Attacker(world.random, ["203.0.113.7"], [user.username.value for user in users])
    await world.run([attacker], scale.hours)
    return result(f"one address over {scale.accounts:,} accounts", scale, attacker, None)


async def botnet(seed: int, scale: Scale) -> Result:
    """Many addresses on many accounts, one of which has an owner who signs in."""
    world = World(seed)
    users = await world.with_accounts(scale.accounts)
    owner = Owner(world.random, users[0], keeps_cookie=True)
    names = [name for user in users for name in user.names]
    attacker = Attacker(world.random, addresses(world.random, scale.addresses), names)
    await world.run([owner, attacker], scale.hours)
    return result(
        f"{scale.addresses:,} addresses on {scale.accounts:,} accounts; an owner's browser is known",
        scale,
        attacker,
        owner,
    )


async def simulate(seed: int, scale: Scale) -> Sequence[Result]:
    """Return the result of each scenario."""
    return [
        *[
            await clumsy_owner(seed, scale, keeps_cookie=keeps_cookie, attacked=attacked)
            for attacked in (False, True)
            for keeps_cookie in (True, False)
        ],
        await spraying(seed, scale),
        await botnet(seed, scale),
    ]
