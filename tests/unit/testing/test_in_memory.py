"""The service in memory, as tests of other projects use it."""

import subprocess
import sys
from datetime import timedelta

import jwt
import pytest
from dishka import Provider, Scope, provide
from dishka.exceptions import NothingOverriddenError

from doorward.application.access.grant_role import GrantRole
from doorward.application.accounts.register_user import RegisterUser
from doorward.application.accounts.request_password_reset import RequestPasswordReset
from doorward.application.accounts.reset_password import ResetPassword
from doorward.application.accounts.set_password import SetPassword
from doorward.application.ports.security import PasswordStrength
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.rate_limits.limit_requests import LimitRequests
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import ADMIN
from doorward.domain.errors import InvalidCredentials, InvalidToken, PasswordBlocked, RoleRequired, TooManyRequests
from doorward.domain.letters.letter import LetterKind
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.infrastructure import container
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.testing import NOON, PASSWORD, InMemoryDoorward, ShortBlocklist
from doorward.testing.builders import OTHER_PASSWORD

HEAVY = (
    "sqlalchemy",
    "alembic",
    "asyncmy",
    "litestar",
    "granian",
    "structlog",
    "argon2",
    "nacl",
    "zxcvbn_rs_py",
    "click",
)
NAMES = {"ada", "grace", "joan"}
WITHOUT_THEM = f"""
import sys
sys.modules |= dict.fromkeys({HEAVY!r})  # an import of one raises ImportError
from doorward.testing import InMemoryDoorward
doorward = InMemoryDoorward()
print(doorward.admit(doorward.user("ada").token()).user_id)
"""


def test_a_token_admits_to_what_the_roles_of_its_account_allow(doorward: InMemoryDoorward) -> None:
    ada = doorward.user("ada", roles=["moderator"])
    token = ada.token()
    assert doorward.admit(token, "moderator").user_id == ada.id
    with pytest.raises(RoleRequired):
        doorward.admit(token, "admin")


def test_the_clock_ends_tokens_and_sessions(doorward: InMemoryDoorward) -> None:
    token = doorward.user("ada").token()
    doorward.clock.advance(minutes=14, seconds=59)
    doorward.admit(token)
    doorward.clock.advance(days=31)
    with pytest.raises(InvalidToken):
        doorward.admit(token)
    assert doorward.now == NOON + timedelta(days=31, minutes=14, seconds=59)


def test_a_use_case_runs_in_a_test_that_is_no_coroutine(doorward: InMemoryDoorward) -> None:
    ada = doorward.user("ada")
    token = ada.token()
    doorward.run(doorward.get(GrantRole)(ada.id, ADMIN, doorward.now, by=OPERATOR))
    doorward.admit(token, "admin")
    assert ADMIN in ada.account.roles


async def test_a_use_case_runs_in_a_coroutine_and_the_rest_does_too(doorward: InMemoryDoorward) -> None:
    ada = doorward.user("ada")
    await doorward.get(SetPassword)(ada.id, OTHER_PASSWORD, doorward.now, by=OPERATOR)
    with pytest.raises(InvalidCredentials):
        ada.token()
    assert doorward.log.of(SecurityEvent.AUTHN_LOGIN_FAIL)


async def test_what_would_wait_for_a_transaction_of_the_test_says_so(doorward: InMemoryDoorward) -> None:
    async with doorward.storage.transaction():
        with pytest.raises(RuntimeError, match="A transaction is open"):
            doorward.user("ada")
    doorward.user("ada")


async def test_letters_are_read_as_they_would_arrive(doorward: InMemoryDoorward) -> None:
    """Several are sent at once, and then the coroutine goes on in its own event loop."""
    for name in NAMES:
        await doorward.get(RegisterUser)(name, f"{name}@example.org", PASSWORD, doorward.now)
    assert {letter.username for letter in doorward.letters} == NAMES
    await doorward.get(RequestPasswordReset)("ada@example.org", None, doorward.now)
    letter = doorward.letters[-1]
    assert letter.kind is LetterKind.PASSWORD_RESET
    assert letter.token is not None
    await doorward.get(ResetPassword)(letter.token, OTHER_PASSWORD, None, doorward.now)


def test_any_program_can_verify_the_tokens(doorward: InMemoryDoorward) -> None:
    token = doorward.user("ada", roles=["editor"]).token()
    (key,) = jwt.PyJWKSet.from_dict(doorward.jwks).keys
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="doorward", options={"verify_exp": False})
    assert claims["roles"] == ["editor", "user"]


def test_settings_are_those_of_the_service() -> None:
    doorward = InMemoryDoorward(access_token_seconds=60, sign_up="closed", email_codes=True)
    assert doorward.user("ada").sign_in().access_token.expires_in == 60
    with pytest.raises(StartRefused, match="sign_up: "):
        InMemoryDoorward(sign_up="perhaps")  # type: ignore[arg-type]


class StrictBlocklist(Provider):
    @provide(scope=Scope.APP, override=True)
    def strength(self) -> PasswordStrength:
        return ShortBlocklist(frozenset({PASSWORD}))


def test_any_adapter_can_be_replaced() -> None:
    doorward = InMemoryDoorward(overrides=[StrictBlocklist()])
    with pytest.raises(PasswordBlocked):
        doorward.user("ada", password=PASSWORD)
    assert doorward.user("ada", password=OTHER_PASSWORD).token()


class NamesItsOwnClass(Provider):
    @provide(scope=Scope.APP, override=True)
    def strength(self) -> ShortBlocklist:
        return ShortBlocklist(frozenset({PASSWORD}))


def test_an_adapter_that_replaces_nothing_is_refused() -> None:
    """Otherwise nobody would notice that the adapter is never used."""
    with pytest.raises(NothingOverriddenError, match="ShortBlocklist") as refused:
        InMemoryDoorward(overrides=[NamesItsOwnClass()])
    assert "name the port" in str(refused.value.__notes__)


def test_a_class_in_place_of_a_provider_is_refused_in_one_line() -> None:
    with pytest.raises(TypeError, match=r"as in \[MyProvider\(\)\], and <class '.*StrictBlocklist'> is none"):
        InMemoryDoorward(overrides=[StrictBlocklist])  # type: ignore[list-item]


async def test_limits_of_requests_follow_the_clock() -> None:
    doorward = InMemoryDoorward(limit_sign_up="1/hour")
    limit = doorward.get(LimitRequests)
    await limit(LimitName.SIGN_UP, "192.0.2.7")
    doorward.clock.advance(minutes=45)
    with pytest.raises(TooManyRequests) as refused:
        await limit(LimitName.SIGN_UP, "192.0.2.7")
    assert refused.value.retry_after == 900
    doorward.clock.advance(minutes=15)
    await limit(LimitName.SIGN_UP, "192.0.2.7")


def test_every_use_case_is_handed_out(doorward: InMemoryDoorward) -> None:
    tuples = [value for value in vars(container).values() if isinstance(value, tuple)]
    assert len(tuples) >= 11
    for use_cases in tuples:
        for use_case in use_cases:
            assert isinstance(doorward.get(use_case), use_case)


def test_maintenance_rotates_the_keys_when_they_are_due(doorward: InMemoryDoorward) -> None:
    assert len(doorward.jwks["keys"]) == 1
    doorward.clock.advance(days=90)
    doorward.maintain()
    assert len(doorward.jwks["keys"]) == 2


def test_it_needs_neither_a_database_nor_a_server_nor_their_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_THEM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
