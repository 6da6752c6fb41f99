import json
from collections import Counter
from collections.abc import Iterator
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from attack.row import Row, tried
from attack.target import Target
from support.jwt.corpus import corpus, sendable
from support.jwt.material import Key, Material, pem_of, read_claims, read_header
from support.programs.processes import eventually
from support.programs.server_process import Server

SHORT_CORPUS = 60


def forged_tokens(target: Target) -> Iterator[Row]:
    """Sends the collection of forged tokens in both headers. On a service of its own they are signed with a key that
    the service knows, so each is right but for one thing; otherwise with a key of nobody's. Held: 401 for all."""
    yield tried("forged tokens", partial(forged, target))


def forged(target: Target) -> Row:
    account = target.account("forged")
    material = known_key(target.own, account.username) if target.own else strangers_key(account.token)
    tokens = [token for _, token in corpus(material) if sendable(token)]
    tokens = tokens[:: len(tokens) // SHORT_CORPUS] if target.short else tokens
    with target.service.client() as client:
        accepted = client.get("/api/test/user", headers={"Authorization": f"Bearer {material.good()}"}).is_success
        answers = Counter(
            client.get("/api/test/user", headers=headers).status_code
            for token in tokens
            for headers in ({"Authorization": f"Bearer {token}"}, {"x-access-token": token})
        )
    return Row(
        attack="forged tokens",
        sent=f"{len(tokens)} tokens, signed with a key that the service {'knows' if target.own else 'does not know'}",
        came_back=", ".join(f"{count} x {status}" for status, count in sorted(answers.items())),
        held=set(answers) == {401} and accepted == (target.own is not None),
    )


def known_key(server: Server, username: str) -> Material:
    """Add a signing key to the service, and wait until it signs."""
    key = generate_private_key(SECP256R1())
    added = server.run("keys", "add", "-", "--in", "0", "--json", stdin=pem_of(key).decode())
    kid = json.loads(added.stdout)["kid"]
    eventually(lambda: read_header(server.sign_in(username).token)["kid"] == kid)
    return material(key, kid, server.sign_in(username).token)


def strangers_key(token: str) -> Material:
    return material(generate_private_key(SECP256R1()), read_header(token)["kid"], token)


def material(key: Key, kid: str, token: str) -> Material:
    return Material(key=key, kid=kid, claims=read_claims(token))
