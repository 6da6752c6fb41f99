"""Signing keys are rotated and revoked while people work: no valid token is refused, and every revoked one is."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event
from time import monotonic
from typing import Any

import jwt
import pytest

from support.http.database_shell import run_sql
from support.jwt.material import read_header
from support.programs.processes import eventually
from support.programs.server_process import Serve, Server

SOON = 6
"""Seconds until a key signs that was made with `--in`: enough for each worker of a busy machine to publish it."""

PAUSE_SECONDS = 0.1
"""Between two rounds of each of those who work."""

ROTATIONS = 2
PEOPLE = 3
HELD = 12
"""Tokens that each of them goes on using."""

HEARD = 1.5
"""Seconds in which each node has looked at the change feed, more than once."""

A_DAY = 86_400
SEALED = "SELECT sealed FROM signing_keys"
OLD, NEW = "t0p-of-the-class/7Jx2QmZk9sVbN4wLr8", "b0ttom-of-the-class/6Hw1PlYj8rUaM3vKq7"

pytestmark = pytest.mark.several_processes


def kid_of(token: str) -> str:
    return str(read_header(token)["kid"])


def key_set(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.request("GET", "/.well-known/jwks.json").json()
    return found


def status(server: Server, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return server.request("GET", "/api/test/user", headers=headers).status_code


def states(server: Server) -> dict[str, str]:
    listed = json.loads(server.run("keys", "list", "--json").stdout)["keys"]
    return {key["kid"]: key["state"] for key in listed}


def rotated(server: Server, seconds: int = 0) -> str:
    made = server.run("keys", "rotate", "--in", str(seconds), "--json")
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["kid"])


@dataclass(slots=True)
class Person:
    """Signs in again and again, and uses all the tokens that that gave, each on a connection of its own."""

    server: Server
    name: str
    kids: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    unpublished: list[str] = field(default_factory=list)

    def work(self, over: Event) -> None:
        held: list[str] = []
        while not over.wait(PAUSE_SECONDS):
            before, asked = key_set(self.server), monotonic()
            token = self.server.sign_in(self.name).token
            self.kids.add(kid_of(token))
            if monotonic() - asked < SOON:  # else the key may have been published meanwhile, in time
                self.verify(token, before)
            held = [*held[-HELD + 1 :], token]
            self.answers.update(status(self.server, each) for each in held)

    def verify(self, token: str, published: dict[str, Any]) -> None:
        """As another service would, with the keys that it fetched before the token was made."""
        key = next((key for key in published["keys"] if key["kid"] == kid_of(token)), None)
        if key is None:
            self.unpublished.append(token)
        else:
            jwt.decode(token, jwt.PyJWK(key), [key["alg"]], audience="doorward", issuer=self.server.url)


def is_used(kid: str, people: list[Person]) -> bool:
    """Whether somebody got a token of that key."""
    return any(kid in person.kids for person in people)


def test_rotated_every_few_seconds_no_valid_token_is_refused_and_no_unpublished_key_signs(serve: Serve) -> None:
    """TK-21, F-20."""
    server = serve(workers="2")
    people = [Person(server, server.create_user(f"person{number}").username) for number in range(PEOPLE)]
    observer = server.create_user("observer").username  # many sign-ins revoke the older tokens of an account
    over = Event()
    with ThreadPoolExecutor(PEOPLE) as pool:
        working = [pool.submit(person.work, over) for person in people]
        try:
            for _ in range(ROTATIONS):
                made = rotated(server, SOON)
                eventually(partial(is_used, made, people))
            eventually(lambda: kid_of(server.sign_in(observer).token) == made)
        finally:
            over.set()
        for each in working:
            each.result()
    assert [person.unpublished for person in people] == [[]] * PEOPLE
    answers = sum((person.answers for person in people), Counter[int]())
    assert set(answers) == {200}
    assert answers.total() > ROTATIONS * PEOPLE
    assert Counter(states(server).values()) == {"retiring": ROTATIONS, "active": 1}


def test_the_service_publishes_the_next_key_by_itself_once_whatever_the_number_of_workers(serve: Serve) -> None:
    """TK-21: with a period of a day it is due as soon as there is a first key."""
    server = serve(workers="2", key_rotation_days="1", key_algorithm="EdDSA")
    eventually(lambda: len(states(server)) == 2)
    assert list(states(server).values()) == ["active", "next"]
    eventually(lambda: [key["alg"] for key in key_set(server)["keys"]] == ["EdDSA", "EdDSA"])
    eventually(lambda: len(server.logged(event="signing_key_added")) == 2)


def test_a_revoked_key_is_refused_on_every_node_and_sign_in_goes_on(serve: Serve, shared: dict[str, str]) -> None:
    """TK-21: with no other key there."""
    here, there = serve(**shared), serve(**shared)
    here.create_user("ada")
    token = here.sign_in("ada").token
    eventually(lambda: status(there, token) == 200)
    revoked = here.run("keys", "revoke", "--yes", "--", kid_of(token))
    assert revoked.returncode == 0, revoked.stderr
    eventually(lambda: (status(here, token), status(there, token)) == (401, 401))
    fresh = there.sign_in("ada").token
    assert kid_of(fresh) != kid_of(token)
    eventually(lambda: (status(here, fresh), status(there, fresh)) == (200, 200))
    assert [key["kid"] for key in key_set(here)["keys"]] == [kid_of(fresh)]


def test_to_revoke_one_key_refuses_no_token_of_another(serve: Serve, shared: dict[str, str]) -> None:
    """TK-21: the one before it signs again, and what it signed before is good all the while."""
    here, there = serve(**shared), serve(**shared)
    here.create_user("ada")
    first, second = here.sign_in("ada").token, rotated(here)
    eventually(lambda: {kid_of(node.sign_in("ada").token) for node in (here, there)} == {second})
    token = here.sign_in("ada").token
    later = rotated(here, A_DAY)
    assert here.run("keys", "revoke", "--yes", "--", second).returncode == 0

    def over() -> bool:
        assert (status(here, first), status(there, first)) == (200, 200)
        return (status(here, token), status(there, token)) == (401, 401)

    eventually(over)
    again = [node.sign_in("ada").token for node in (here, there)]
    assert {kid_of(each) for each in again} == {kid_of(first)}
    assert [status(node, each) for node in (here, there) for each in (first, *again)] == [200] * 6
    assert states(here) == {kid_of(first): "active", later: "next"}


def restarted(server: Server, **environment: str) -> None:
    """With other secrets; none of which may be in its output."""
    assert server.stop() == 0
    kept = {name: value for name, value in server.environment.items() if not name.startswith("DOORWARD_SECRET_KEY")}
    server.doorward = replace(server.doorward, environment={**kept, **environment})
    server.secrets |= set(environment.values())
    server.start()


def test_the_master_secret_is_replaced_and_nobody_is_signed_out(serve: Serve, shared: dict[str, str]) -> None:
    """ST-05: on two nodes, one of which goes on with the old secret for a while."""
    server, late = serve(**{**shared, "secret_key": OLD}), serve(**{**shared, "secret_key": OLD})
    ada = server.create_user("ada")
    sealed = run_sql(server, SEALED)
    restarted(server, DOORWARD_SECRET_KEY=NEW, DOORWARD_SECRET_KEY_PREVIOUS=OLD)
    anew = run_sql(server, SEALED)
    assert (len(anew), anew == sealed) == (1, False)
    latest, until = server.refreshed(ada), monotonic() + HEARD
    while monotonic() < until:
        token = late.sign_in("ada").token
        assert [status(node, each) for node in (server, late) for each in (ada.token, token)] == [200] * 4
    restarted(late, DOORWARD_SECRET_KEY=NEW, DOORWARD_SECRET_KEY_PREVIOUS=OLD)
    for node in (server, late):
        restarted(node, DOORWARD_SECRET_KEY=NEW)
        assert [status(node, each) for each in (ada.token, token)] == [200] * 2
        latest = node.refreshed(latest)
    assert run_sql(server, SEALED) == anew
    assert kid_of(server.sign_in("ada").token) == kid_of(ada.token)
