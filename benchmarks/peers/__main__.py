"""Write the peers' lock files, or try each peer: install it, start it on a real MySQL, make each of its calls once.

Usage: python -m peers lock | try [CACHE]
"""

import sys
from pathlib import Path

from peers.calls import Answer, Call, ask
from peers.catalogue import PEERS
from peers.peer import Peer
from peers.running import Database, PeerFailed, RunningPeer
from peers.toolchains import PeerUnavailable
from support.mysql.distribution import cache_directory
from support.mysql.server import MySQLServer, Skipped

SOMEBODY = 1


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def met(running: RunningPeer, what: str, call: Call) -> Answer:
    answer = ask(running.url, call)
    if not call.is_met_by(answer):
        raise PeerFailed(f"{what}: {answer.status} {answer.body.decode(errors='replace')}\n{running.output}")
    say(f"  {what}: {answer.status}")
    return answer


def costs(queries: int | None, running: RunningPeer, call: Call, database: Database) -> None:
    """By the server's count of reads, so nobody else may use it meanwhile."""

    def reads() -> int:
        ((_, count),) = database.execute("SHOW GLOBAL STATUS LIKE 'Com_select'")
        return int(count)

    before = reads()
    ask(running.url, call)
    if (counted := reads() - before) != queries:
        raise PeerFailed(f"{call.path} cost {counted} queries, and is said to cost {queries}")


def every_call(peer: Peer, running: RunningPeer, database: Database) -> None:
    if peer.public is not None:
        met(running, "public", peer.public)
    met(running, "sign-up", peer.sign_up(SOMEBODY))
    token = peer.token(met(running, "sign-in", peer.sign_in(SOMEBODY)))
    met(running, "signed in", peer.signed_in(token))
    costs(peer.signed_in_queries, running, peer.signed_in(token), database)
    if peer.role_guarded is None or peer.make_admin is None:
        return
    guarded = peer.role_guarded(token)
    if ask(running.url, guarded).status != 403:
        raise PeerFailed("Somebody who is no admin got in.")
    database.execute(peer.make_admin(SOMEBODY))
    met(running, "role-guarded", guarded)
    costs(peer.role_guarded_queries, running, guarded, database)


def try_one(peer: Peer, server: MySQLServer, cache: Path) -> None:
    say(f"{peer.title}\n  {', '.join(f'{name} {version}' for name, version in peer.versions.items())}")
    say(f"  {peer.hashing}\n  {peer.guarding}\n  {peer.revoking}")
    installed = peer.install(cache)
    url = server.fresh_database()
    database = Database.parse(url)
    try:
        with installed.start(database) as running:
            every_call(peer, running, database)
    finally:
        server.drop(url)


def try_all(cache: Path) -> int:
    """The number of those that could not be tried."""
    server = MySQLServer.find()
    if isinstance(server, Skipped):
        say(f"THERE IS NO MYSQL HERE, nothing was tried: {server.reason}")
        return len(PEERS)
    say(f"On {server}")
    missing = 0
    try:
        for peer in PEERS:
            try:
                try_one(peer, server, cache)
            except PeerUnavailable as error:
                missing += 1
                say(f"  NOT TRIED: {error}")
    finally:
        server.stop()
    return missing


def main(arguments: list[str]) -> int:
    match arguments:
        case ["lock"]:
            for peer in PEERS:
                peer.toolchain.lock(peer.source)
            return 0
        case ["try", *cache]:
            return min(1, try_all(Path(*cache) if cache else cache_directory() / "peers"))
        case _:
            sys.stderr.write(__doc__ or "")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
