"""Adds the peers to the contests."""

from contextlib import ExitStack
from pathlib import Path

from bench.contests import log
from bench.schedule import INTROSPECTION, OWN_ACCOUNT, ROLE_GUARDED, HashingLoad, Schedule
from bench.wrk import Load
from peers.calls import Answer, Call, ask
from peers.peer import Peer
from peers.running import Database, DataFolder, PeerFailed, RunningPeer
from peers.toolchains import PeerUnavailable


def add_peer_or_skip(
    schedule: Schedule, peer: Peer, stack: ExitStack, storage: Database | DataFolder, cache: Path
) -> None:
    """Install and start a peer, and add it to its contests. Note the reason when that is not possible."""
    try:
        running = stack.enter_context(peer.install(cache).start(storage))
        add_peer(schedule, peer, running, storage)
    except (PeerUnavailable, PeerFailed) as error:
        log(f"{peer.name} IS SKIPPED: {error}")
        schedule.skipped[peer.name] = str(error)


def add_peer(schedule: Schedule, peer: Peer, running: RunningPeer, storage: Database | DataFolder) -> None:
    """Create the accounts of a peer and add it to its contests. Raise PeerFailed when it gives a wrong answer."""
    accounts = schedule.plan.peer_accounts
    if peer.sign_up is not None:
        for number in range(accounts):
            checked_answer(running, peer.sign_up(number))
    token = peer.token(checked_answer(running, peer.sign_in(0)))
    for name, call in get_calls(peer, token, storage).items():
        load = Load(url=running.url_for(call), pid=running.pid, calls=[call], checks_bodies=False)
        schedule.add(name, peer.name, load.run)
    if peer.refresh is not None:
        # As many sessions as accounts, so that the requests do not all change the same row.
        calls = [peer.refresh(checked_answer(running, peer.sign_in(number))) for number in range(accounts)]
        schedule.add("refresh", peer.name, Load(url=running.url_for(calls[0]), pid=running.pid, calls=calls).run)
    warm_up(schedule, peer)
    hashing = HashingLoad(running.url, running.pid, accounts, peer.sign_in)
    schedule.add("sign-in", peer.name, hashing.sign_in_run)
    if peer.sign_up is not None:
        schedule.add("sign-up", peer.name, hashing.sign_up_run(peer.sign_up))


def warm_up(schedule: Schedule, peer: Peer) -> None:
    """Send each kind of request that was added for the peer, unless the plan has no warm-up."""
    if schedule.plan.warm_up_seconds and peer.compiles_for_seconds:
        for runs in schedule.runs.values():
            if run := runs.get(peer.name):
                run(schedule.plan.connections, peer.compiles_for_seconds)


def get_calls(peer: Peer, token: str, storage: Database | DataFolder) -> dict[str, Call]:
    """The requests that change nothing, by contest. Make the first account an administrator."""
    calls = {
        "public GET": peer.public,
        "signed-in GET": peer.signed_in(token),
        OWN_ACCOUNT: peer.own_account and peer.own_account(token),
        INTROSPECTION: peer.introspect and peer.introspect(token),
    }
    if peer.role_guarded is not None and peer.make_admin is not None and isinstance(storage, Database):
        storage.execute(peer.make_admin(0))
        calls[ROLE_GUARDED] = peer.role_guarded(token)
    return {name: call for name, call in calls.items() if call is not None}


def checked_answer(running: RunningPeer, call: Call) -> Answer:
    answer = ask(running.url_for(call), call)
    if not call.accepts(answer):
        raise PeerFailed(f"{call.path}: {answer.status} {answer.body.decode(errors='replace')}\n{running.output}")
    return answer
