"""Fifty clients present one refresh token at the same moment, round after round, and the session continues."""

import json
from collections import Counter
from hashlib import sha256

import pytest

from doorward.application.sessions.repeated_refreshes import MAX_REPETITIONS
from doorward.domain.sessions.refresh_token import RefreshTokenHash, fingerprint
from doorward.infrastructure.sql.rotated_tokens import StoredRotatedTokens
from support.http.barrier import crowd, refreshing
from support.http.database_shell import run_sql
from support.length import FULL, RACE_ROUNDS
from support.programs.server_process import Serve, Server

CLIENTS = 50
ROUNDS = 200 if FULL else RACE_ROUNDS
LOOK_EVERY = 10
"""Rounds; fewer than the spent tokens that a session remembers."""

pytestmark = pytest.mark.storage_bound


def spent_in(server: Server, token: str) -> list[bytes]:
    """The fingerprints of the rotated tokens, the latest first, of the session whose present token this is."""
    rows = run_sql(server, "SELECT token_hash, spent FROM sessions")
    (spent,) = (spent for token_hash, spent in rows if token_hash == hash_of(token))
    return [each.fingerprint for each in StoredRotatedTokens(spent if isinstance(spent, str) else spent.decode())]


def hash_of(token: str) -> RefreshTokenHash:
    return RefreshTokenHash(sha256(token.encode("ascii")).digest())


@pytest.mark.parametrize("workers", ["1", "4"])
def test_of_fifty_at_once_one_rotates_and_some_get_its_successor(serve: Serve, workers: str) -> None:
    """RF-03, RF-04: each worker answers some again and refuses the others. What the session remembers of its spent
    tokens is every round's, each once."""
    server = serve(workers=workers)
    ada = server.create_user("ada")
    tokens = [ada.refresh_token]
    with crowd(server, CLIENTS) as clients:
        for number in range(1, ROUNDS + 1):
            answers = clients.at_once([refreshing(tokens[-1])] * CLIENTS)
            statuses = Counter(answer.status for answer in answers)
            assert statuses.keys() <= {200, 429}, answers[-1].body
            assert 1 + MAX_REPETITIONS <= statuses[200] <= 1 + int(workers) * MAX_REPETITIONS
            (successor,) = {json.loads(answer.body)["refreshToken"] for answer in answers if answer.status == 200}
            tokens.append(successor)
            if number % LOOK_EVERY == 0:
                presented = [fingerprint(hash_of(token)) for token in reversed(tokens[-LOOK_EVERY - 1 : -1])]
                assert spent_in(server, successor)[:LOOK_EVERY] == presented
    assert len(set(tokens)) == ROUNDS + 1
    assert server.lets_in(ada)
    last = server.refresh(tokens[-1])
    assert last.status_code == 200, last.text
    assert server.logged(event="authn_token_reuse") == []
