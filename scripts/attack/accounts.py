"""Guesses that hide from the log, addresses that nobody proved, and imported hashes that are expensive."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from secrets import token_hex
from time import sleep

import httpx2

from attack.row import Row, tried
from attack.target import Target
from support.programs.server_process import Server

GUESSED_ACCOUNTS = 4
GUESSES = 3
"""At one account, so few that none is delayed."""
BURST = 20
NOISE = 300
TOO_LONG = "x" * 2_000
SALT_AND_HASH = "c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"
EXPENSIVE_HASHES = {
    "8 lanes": f"$argon2id$v=19$m=31129,t=10,p=8${SALT_AND_HASH}",
    "1 GiB": f"$argon2id$v=19$m=1048576,t=1,p=1${SALT_AND_HASH}",
    "a million passes": f"$argon2id$v=19$m=19456,t=1000000,p=1${SALT_AND_HASH}",
    "bcrypt of cost 16": "$2b$16$tK7fhk0ejprIRrCFORMIb.eQf8GkOPmO/8usWIr411DiMklLH3dX2",
    "SHA-512-crypt of 10^9 rounds": "$6$rounds=999999999$saltsaltsaltsalt$" + "a" * 86,
}


def guesses_and_the_log(target: Target) -> Iterator[Row]:
    """Guesses at a few accounts, hidden among many more sign-ins that are refused without a hash. Held: the log has a
    line for each guess, or counts it."""
    yield tried("guesses and the log", partial(guessed, target))


def guessed(target: Target) -> Row:
    if target.own is None:
        return Row.skipped("guesses and the log", "the log of a service that somebody else started is not read")
    accounts = [target.account("guessed") for _ in range(GUESSED_ACCOUNTS)]
    noise = 60 if target.short else NOISE
    with ThreadPoolExecutor(2) as pool, target.service.client() as client:
        others = [pool.submit(sign_in, client, f"noise-{token_hex(4)}", TOO_LONG) for _ in range(noise)]
        guesses = [(account, f"guess {number} of many") for account in accounts for number in range(GUESSES)]
        wrong = [sign_in(client, account.username, guess) for account, guess in guesses].count(401)
        for each in others:
            each.result()
    sleep(1.5)  # what was left out is reported each second
    target.own.settled()
    told = sum(lines_about(target.own, account.id) for account in accounts)
    return Row(
        attack="guesses and the log",
        sent=f"{wrong} wrong passwords for {GUESSED_ACCOUNTS} accounts among {noise} other refusals",
        came_back=f"the log tells of {told}",
        held=0 < wrong <= told,
    )


def sign_in(client: httpx2.Client, username: str, password: str) -> int:
    return client.post("/api/auth/signin", json={"username": username, "password": password}).status_code


def lines_about(server: Server, user_id: str) -> int:
    """Return how many wrong passwords for that account the log has, one by one and counted."""
    lines = server.logged(event="authn_login_fail", user_id=user_id, reason="wrong_password")
    counted = server.logged(event="log_events_suppressed", suppressed="authn_login_fail", user_id=user_id)
    return len(lines) + sum(int(line["count"]) for line in counted)


def guesses_at_once(target: Target) -> Iterator[Row]:
    """Sends many wrong passwords for one account, and for a name that nobody has, at the same moment. Held: most are
    answered 429 without a look at the password, alike for both names."""
    yield tried("guesses at once", partial(burst, target))


def burst(target: Target) -> Row:
    names = (target.account("burst").username, f"nobody-{token_hex(4)}")
    with ThreadPoolExecutor(BURST) as pool, target.service.client() as client:
        guesses = [[pool.submit(sign_in, client, name, f"guess {n} of many") for n in range(BURST)] for name in names]
        looked_at = [sum(each.result() != 429 for each in of_name) for of_name in guesses]
    return Row(
        attack="guesses at once",
        sent=f"{BURST} wrong passwords for one account, and for a name that nobody has",
        came_back=f"{looked_at[0]} and {looked_at[1]} were looked at, the others got 429",
        held=max(looked_at) <= BURST // 2,
    )


def unproven_addresses(target: Target) -> Iterator[Row]:
    """Somebody signs up with the address of somebody else, and an admin grants a role to that address. Held: the
    address names nobody, over HTTP and on the command line."""
    yield tried("unproven addresses in grants", partial(granted_by_address, target))


def granted_by_address(target: Target) -> Row:
    account = target.account("ceo")
    admin = target.service.admin.bearer
    path = f"/api/admin/users/{account.email}/roles/admin"
    answers = [str(target.service.request("PUT", path, headers=admin).status_code)]
    if target.own is not None:
        answers.append(f"exit code {target.own.run('users', 'grant', account.email, 'admin').returncode}")
    roles = target.service.request("GET", f"/api/admin/users/{account.id}", headers=admin).json()["roles"]
    return Row(
        attack="unproven addresses in grants",
        sent="a grant to an address instead of a username",
        came_back=f"{', '.join(answers)}; the account {'became admin' if 'admin' in roles else 'got no role'}",
        held="admin" not in roles and "exit code 0" not in answers,
    )


def expensive_imported_hashes(target: Target) -> Iterator[Row]:
    """Imports accounts whose hashes take many times as long as the service's own. Held: each import is refused."""
    yield tried("expensive imported hashes", partial(imported, target))


def imported(target: Target) -> Row:
    if target.own is None:
        return Row.skipped("expensive imported hashes", "accounts are imported on the command line of the service")
    taken = []
    for number, (name, password_hash) in enumerate(EXPENSIVE_HASHES.items()):
        line = {
            "username": f"expensive{number}",
            "email": f"expensive{number}@example.org",
            "passwordHash": password_hash,
        }
        if target.own.run("users", "import", "-", stdin=json.dumps(line)).returncode == 0:
            taken.append(name)
    return Row(
        attack="expensive imported hashes",
        sent=", ".join(EXPENSIVE_HASHES),
        came_back=f"imported: {', '.join(taken)}" if taken else "all were refused",
        held=not taken,
    )
