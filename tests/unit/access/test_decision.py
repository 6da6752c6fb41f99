from dataclasses import replace

import pytest

from doorward.domain.access.decision import SIGNED_IN, Access, any_of, decide
from doorward.domain.access.role import ADMIN, MODERATOR, USER, RoleName, parse_role_name
from doorward.domain.errors import InvalidRoleName
from doorward.domain.ids import UserId, uuid7
from support.doubles import NOON

STAFF = any_of(MODERATOR, ADMIN)
ADA = Access(user_id=UserId(uuid7(NOON)), roles=frozenset({USER, MODERATOR}), disabled=False, epoch=3)


def test_a_decision_names_the_role_that_decided() -> None:
    decision = decide(ADA, STAFF, 3)
    assert (decision.allowed, decision.reason, decision.granted_by) == (True, "granted", MODERATOR)
    assert decision.missing == frozenset()


def test_a_refusal_names_the_missing_roles() -> None:
    decision = decide(ADA, any_of(ADMIN), 3)
    assert (decision.allowed, decision.reason, decision.missing) == (False, "role_missing", frozenset({ADMIN}))


def test_signed_in_requires_no_role() -> None:
    assert decide(replace(ADA, roles=frozenset()), SIGNED_IN, 3).allowed


def test_a_missing_or_disabled_account_and_a_revoked_token_are_refused_whatever_the_roles() -> None:
    assert decide(None, SIGNED_IN).reason == "account_missing"
    disabled = decide(replace(ADA, disabled=True), STAFF, 3)
    assert (disabled.reason, disabled.missing) == ("account_disabled", frozenset())
    assert decide(ADA, STAFF, 2).reason == "token_revoked"
    assert decide(ADA, STAFF, 4).reason == "token_revoked"


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
    assert not decide(replace(ADA, roles=frozenset({RoleName("Admin"), RoleName("admin ")})), any_of(ADMIN), 3).allowed
