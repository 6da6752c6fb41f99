"""Write the peers' lock files, or try each peer: install it, start it with a real MySQL, send each call.

Usage: python -m peers lock | try [CACHE]
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peers.calls import Answer, Call, ask
from peers.catalogue import PEERS
from peers.peer import Peer
from peers.running import Database, DataFolder, PeerFailed, RunningPeer
from peers.toolchains import PeerUnavailable
from support.mysql.distribution import cache_directory
from support.mysql.server import MySQLServer, Skipped

ACCOUNT_NUMBER = 1


def report(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def fresh_storage(peer: Peer, server: MySQLServer) -> Iterator[Database | DataFolder]:
    """An empty database of the peer's kind, which is deleted at the end."""
    if peer.storage == "sqlite":
        with tempfile.TemporaryDirectory(prefix="doorward-peer-") as folder:
            yield DataFolder(Path(folder))
        return
    url = server.fresh_database()
    try:
        yield Database.parse(url)
    finally:
        server.drop(url)


def checked_answer(running: RunningPeer, what: str, call: Call) -> Answer:
    answer = ask(running.url_for(call), call)
    if not call.accepts(answer):
        raise PeerFailed(f"{what}: {answer.status} {answer.body.decode(errors='replace')}\n{running.output}")
    report(f"  {what}: {answer.status}")
    return answer


def check_query_count(queries: int | None, running: RunningPeer, call: Call, database: Database) -> None:
    """Raise PeerFailed unless the call executes this number of SELECT statements.

    The server counts them for all clients, so no other client may use it at the same time.
    """

    def select_count() -> int:
        ((_, count),) = database.execute("SHOW GLOBAL STATUS LIKE 'Com_select'")
        return int(count)

    before = select_count()
    ask(running.url, call)
    if (counted := select_count() - before) != queries:
        raise PeerFailed(f"{call.path} executed {counted} queries instead of {queries}")


def try_calls(peer: Peer, running: RunningPeer, storage: Database | DataFolder) -> None:
    if peer.public is not None:
        checked_answer(running, "public", peer.public)
    if peer.sign_up is not None:
        checked_answer(running, "sign-up", peer.sign_up(ACCOUNT_NUMBER))
    signed_in = checked_answer(running, "sign-in", peer.sign_in(ACCOUNT_NUMBER))
    token = peer.token(signed_in)
    checked_answer(running, "signed in", peer.signed_in(token))
    if peer.own_account is not None:
        checked_answer(running, "own account", peer.own_account(token))
    if peer.introspect is not None:
        checked_answer(running, "introspection", peer.introspect(token))
    if peer.refresh is not None:
        for _ in range(2):
            checked_answer(running, "refresh", peer.refresh(signed_in))
    if isinstance(storage, Database):
        try_with_database(peer, running, token, storage)


def try_with_database(peer: Peer, running: RunningPeer, token: str, database: Database) -> None:
    if peer.signed_in_queries is not None:
        check_query_count(peer.signed_in_queries, running, peer.signed_in(token), database)
    if peer.role_guarded is None or peer.make_admin is None:
        return
    guarded = peer.role_guarded(token)
    if ask(running.url, guarded).status != 403:
        raise PeerFailed("A user without the role admin was not refused.")
    database.execute(peer.make_admin(ACCOUNT_NUMBER))
    checked_answer(running, "role-guarded", guarded)
    check_query_count(peer.role_guarded_queries, running, guarded, database)


def try_one(peer: Peer, server: MySQLServer, cache: Path) -> None:
    report(f"{peer.title}\n  {', '.join(f'{name} {version}' for name, version in peer.versions.items())}")
    report(f"  {peer.hashing}\n  {peer.guarding}\n  {peer.revoking}")
    installed = peer.install(cache)
    with fresh_storage(peer, server) as storage, installed.start(storage) as running:
        try_calls(peer, running, storage)


def try_all(cache: Path) -> int:
    """Try all peers. Return the number of those that could not be installed."""
    server = MySQLServer.find()
    if isinstance(server, Skipped):
        report(f"THERE IS NO MYSQL, so no peer was tried: {server.reason}")
        return len(PEERS)
    report(f"On {server}")
    missing = 0
    try:
        for peer in PEERS:
            try:
                try_one(peer, server, cache)
            except PeerUnavailable as error:
                missing += 1
                report(f"  NOT TRIED: {error}")
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
