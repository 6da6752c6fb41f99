from dataclasses import replace
from typing import Any

import pytest

from doorward.domain.access.actor import decide_change
from doorward.domain.access.decision import SIGNED_IN, Access, any_of, decide, refusal_of, session_ended
from doorward.domain.access.role import ADMIN, MODERATOR, USER, RoleName, parse_role_name
from doorward.domain.accounts.suspension import WITHOUT_END
from doorward.domain.errors import InvalidRoleName, InvalidToken, RoleRequired
from doorward.domain.ids import UserId, uuid7
from doorward.testing.builders import a_principal, a_session, a_user
from doorward.testing.doubles import NOON

STAFF = any_of(MODERATOR, ADMIN)
ADA = Access(user_id=UserId(uuid7(NOON)), username="ada", roles=frozenset({USER, MODERATOR}), disabled=False, epoch=3)
EVE = a_user("eve", ADMIN)
EVES_SESSION = a_session(EVE)


def test_a_decision_names_the_role_that_decided() -> None:
    decision = decide(ADA, STAFF, NOON, 3)
    assert (decision.allowed, decision.reason, decision.granted_by) == (True, "granted", MODERATOR)
    assert decision.missing == frozenset()


def test_a_refusal_names_the_missing_roles() -> None:
    decision = decide(ADA, any_of(ADMIN), NOON, 3)
    assert (decision.allowed, decision.reason, decision.missing) == (False, "role_missing", frozenset({ADMIN}))


def test_signed_in_requires_no_role() -> None:
    assert decide(replace(ADA, roles=frozenset()), SIGNED_IN, NOON, 3).allowed


def test_a_missing_or_disabled_account_and_a_revoked_token_are_refused_whatever_the_roles() -> None:
    assert decide(None, SIGNED_IN, NOON).reason == "account_missing"
    disabled = decide(replace(ADA, disabled=True), STAFF, NOON, 3)
    assert (disabled.reason, disabled.missing) == ("account_disabled", frozenset())
    assert decide(ADA, STAFF, NOON, 2).reason == "token_revoked"
    assert decide(ADA, STAFF, NOON, 4).reason == "token_revoked"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({}, "granted", id="nothing"),
        pytest.param({"session": None}, "session_ended", id="the session ended"),
        pytest.param({"session": a_session(a_user("bob"))}, "session_ended", id="the session is another account's"),
        pytest.param({"user": None, "session": None}, "account_missing", id="the account was deleted"),
        pytest.param({"user": replace(EVE, suspension=WITHOUT_END)}, "account_disabled", id="the account was disabled"),
        pytest.param({"user": replace(EVE, epoch=1)}, "token_revoked", id="the epoch ended"),
        pytest.param({"user": EVE.revoked(ADMIN)}, "role_missing", id="the role was revoked"),
        pytest.param({"user": EVE.revoked(ADMIN).granted(MODERATOR)}, "granted", id="another role is enough"),
    ],
)
def test_a_change_is_decided_by_what_the_account_and_the_session_are_now(change: dict[str, Any], reason: str) -> None:
    """AZ-07."""
    admitted = a_principal(EVE, EVES_SESSION, STAFF)
    decision = decide_change(admitted, **{"user": EVE, "session": EVES_SESSION, **change})
    assert (decision.allowed, decision.reason) == (reason == "granted", reason)
    assert decision.requirement == STAFF


def test_a_refusal_is_raised_as_a_missing_role_or_as_an_invalid_token() -> None:
    missing_role = refusal_of(decide(ADA, any_of(ADMIN), NOON, 3))
    assert (type(missing_role), str(missing_role)) == (RoleRequired, "Require Admin Role!")
    assert [
        type(refusal_of(each))
        for each in (session_ended(STAFF), decide(ADA, STAFF, NOON, 2), decide(None, STAFF, NOON))
    ] == [InvalidToken] * 3


def test_a_requirement_is_written_as_in_the_wire_contract() -> None:
    assert str(any_of(ADMIN)) == "Require Admin Role!"
    assert str(any_of(MODERATOR)) == "Require Moderator Role!"
    assert str(STAFF) == "Require Moderator or Admin Role!"


@pytest.mark.parametrize("raw", ["Admin", "admin ", "", "1st", "a" * 65, "ad\u00admin", "admin\n", "\u0430dmin"])
def test_role_names_are_compared_exactly(raw: str) -> None:
    """AZ-06."""
    with pytest.raises(InvalidRoleName):
        parse_role_name(raw)


def test_a_role_with_another_spelling_is_another_role() -> None:
    """AZ-06."""
    assert not decide(
        replace(ADA, roles=frozenset({RoleName("Admin"), RoleName("admin ")})), any_of(ADMIN), NOON, 3
    ).allowed
