"""Faults and races: a database that does not answer, a storm of sign-ins, requests at the same time. Nothing hangs, and
nothing is half done."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from doorward.testing.builders import PASSWORD
from support.http.service import Unique, somebody
from support.jwt.material import pem_of, read_header
from support.mysql.server import MySQLServer
from support.programs.processes import PATIENCE, eventually
from support.programs.server_process import Serve, Server, at_full_cost, running


@pytest.fixture
def on_own_mysql(own_mysql_server: MySQLServer, tmp_path: Path) -> Iterator[Server]:
    """A server whose database may be stopped."""
    with running(tmp_path, database_url=own_mysql_server.fresh_database()) as server:
        yield server
        own_mysql_server.restore()


def sign_up(server: Server, name: str) -> httpx2.Response:
    return server.request("POST", "/api/auth/signup", json=somebody(name))


async def all_at_once(server: Server, path: str, bodies: list[dict[str, str]]) -> list[httpx2.Response]:
    limits = httpx2.Limits(max_connections=len(bodies))
    async with httpx2.AsyncClient(base_url=server.url, limits=limits, timeout=PATIENCE, verify=False) as client:
        return list(await asyncio.gather(*(client.post(path, json=body) for body in bodies)))


def codes_of_sign_ups(server: Server, bodies: list[dict[str, str]]) -> Counter[str]:
    """All at once; whoever is told to come back (a busy machine may say so) comes back."""
    codes: Counter[str] = Counter()
    while bodies:
        answers = asyncio.run(all_at_once(server, "/api/auth/signup", bodies))
        codes.update(answer.json().get("code", "done") for answer in answers if answer.status_code != 503)
        bodies = [body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 503]
    return codes


@pytest.mark.parametrize("fault", ["paused", "killed"])
def test_a_database_that_is_away_gives_503_and_comes_back(
    on_own_mysql: Server, own_mysql_server: MySQLServer, fault: str
) -> None:
    """OP-04, F-04, F-05."""
    server = on_own_mysql
    ada = server.create_user("ada")
    service, form = server.add_service("asking"), {"token": ada.refresh_token}
    with server.client() as client:
        own_mysql_server.pause() if fault == "paused" else own_mysql_server.kill()
        eventually(lambda: client.get("/health/ready").status_code == 503)  # a second old at most
        eventually(lambda: client.get("/health/ready").status_code == 503)  # its answer is remembered for a second
        answers = [
            client.post("/api/auth/signin", json={"username": "ada", "password": PASSWORD}),
            sign_up(server, "grace"),
            client.get("/health/ready"),
            client.post("/api/auth/introspect", data=form, auth=service),
            client.post("/api/auth/revoke", data=form, auth=service),
        ]
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.headers["content-type"] == "application/problem+json"
        assert client.get("/health/live").status_code == 200
        eventually(lambda: client.get("/api/test/user", headers=ada.bearer).status_code == 503)
        own_mysql_server.restore()
        eventually(lambda: client.get("/health/ready").status_code == 200)
        eventually(lambda: client.get("/api/test/user", headers=ada.bearer).status_code == 200)
        assert sign_up(server, "hopper").status_code == 201
        for _ in range(20):
            assert client.get("/health/ready").status_code == 200


@pytest.mark.storage_bound
def test_of_fifty_who_sign_up_with_one_name_at_once_one_gets_it(server: Server, unique: Unique) -> None:
    """SU-09."""
    name = unique("kelvin")
    spellings = [name, name.upper(), name.replace("k", "\u212a"), name.replace("e", "\uff45"), name.capitalize()]
    bodies = [somebody(spellings[n % len(spellings)], email=f"{name}-{n}@example.org") for n in range(50)]
    assert codes_of_sign_ups(server, bodies) == {"done": 1, "username_taken": 49}


@pytest.mark.storage_bound
def test_of_fifty_who_sign_up_with_one_address_at_once_one_gets_it(server: Server, unique: Unique) -> None:
    name = unique("mail")
    addresses = [f"{name}@example.org", f"{name}@EXAMPLE.org."]
    bodies = [somebody(unique("many"), email=addresses[n % 2]) for n in range(50)]
    assert codes_of_sign_ups(server, bodies) == {"done": 1, "email_taken": 49}


def test_a_storm_of_sign_ins_is_shed_and_guarded_routes_stay_open(tmp_path: Path) -> None:
    """OP-03, F-23."""
    with at_full_cost(tmp_path, hash_threads="1", hash_queue="2") as server:
        ada = server.create_user("ada")
        bodies = [{"username": "ada", "password": PASSWORD}] * 40

        async def storm() -> tuple[list[httpx2.Response], list[int]]:
            client = httpx2.AsyncClient(base_url=server.url, headers=ada.bearer, timeout=PATIENCE, verify=False)
            async with client:
                storming = asyncio.create_task(all_at_once(server, "/api/auth/signin", bodies))
                guarded = [(await client.get("/api/test/user")).status_code for _ in range(50)]
                return await storming, guarded

        answers, guarded = asyncio.run(storm())
        for answer in answers:
            if answer.status_code == 200:
                server.hide(answer)
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) == {200, 503}
        assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 503)
        assert set(guarded) == {200}
        server.sign_in("ada")


def test_unknown_and_known_names_cost_the_same_work(tmp_path: Path) -> None:
    """SI-02: the server's processor time, since a busy machine stretches every other clock. A sign-in that skipped the
    hash would take a small part of it."""
    costs: Counter[tuple[str, str]] = Counter()
    with at_full_cost(tmp_path) as server, server.client() as client:
        known = server.create_user("known").username
        for _ in range(4):
            for login in (known, "nobody-of-that-name"):
                for password in ("a wrong password, long enough", ""):
                    before = server.cpu_ticks()
                    for _ in range(5):
                        body = {"username": login, "password": password}
                        assert client.post("/api/auth/signin", json=body).status_code == 401
                    costs[login, password] += server.cpu_ticks() - before
    assert max(costs.values()) < 1.5 * min(costs.values())


@pytest.mark.storage_bound
def test_the_operators_key_signs_on_every_node_and_refuses_no_token(serve: Serve, shared: dict[str, str]) -> None:
    """TK-19: a key brought by the operator, of another kind than the first."""
    pem = pem_of(Ed25519PrivateKey.generate()).decode()
    here, there = serve(**shared), serve(**shared)
    ada = here.create_user("ada")
    here.create_user("bob")  # signs in so often that older sessions end
    added = here.run("keys", "add", "-", "--in", "2", stdin=pem)
    assert added.returncode == 0, added.stderr
    seen = {read_header(ada.token)["kid"]}

    def new_key_signs() -> bool:
        for node in (here, there):
            token = node.sign_in("bob").token
            seen.add(read_header(token)["kid"])
            for other in (here, there):
                answer = other.request("GET", "/api/test/user", headers={"x-access-token": token})
                assert answer.status_code == 200, "a token that was just issued is good everywhere"
        return len(seen) == 2

    eventually(new_key_signs)
    assert there.lets_in(ada)
