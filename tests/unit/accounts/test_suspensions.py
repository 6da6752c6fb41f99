"""Accounts that are disabled until a time, which ends by the clock alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from doorward.application.access.has_admin import HasAdmin
from doorward.application.accounts.update_user import UserChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR, decide_change
from doorward.domain.access.decision import SIGNED_IN, decide
from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.suspension import MAX_REASON_CHARACTERS, WITHOUT_END, Suspension
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidCredentials, InvalidReason, InvalidRefreshToken, InvalidUntil, LastAdmin
from doorward.domain.letters.language import DEFAULT_LANGUAGE
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.testing.builders import a_principal, a_session, a_token, a_user, email_of
from doorward.testing.doubles import NOON, PlainTokens
from support.house import House

DAY = timedelta(days=1)
TOMORROW = NOON + DAY
SPAM = Suspension(reason="Sent spam.", until=TOMORROW)
A_DAY, A_MOMENT = DAY.total_seconds(), 0.001


async def suspended(house: House, suspension: Suspension = SPAM) -> User:
    ada = await house.with_user("ada")
    return await house.update(ada.id, UserChanges(disabled=True, suspension=suspension), OPERATOR)


async def test_a_suspension_ends_sessions_and_keeps_the_account_out_until_its_end() -> None:
    """AD-02: sign-in, refresh and access tokens; and nothing has to run for it to end."""
    house = House()
    ada = await house.with_user("ada")
    first = await house.signed_in()
    token = PlainTokens().verify(first.access_token.value, house.clock.now())
    await house.update(ada.id, UserChanges(disabled=True, suspension=SPAM), OPERATOR)
    assert await house.session(first.session.id) is None
    house.clock.move(A_DAY - A_MOMENT)
    with pytest.raises(InvalidCredentials):
        await house.signed_in()
    house.clock.move(A_MOMENT)
    again = await house.signed_in()
    with pytest.raises(InvalidRefreshToken):
        await house.refresh(first.refresh_token.value, house.clock.now())
    assert not (await house.authorize(token, SIGNED_IN, house.clock.now())).allowed
    fresh = PlainTokens().verify(again.access_token.value, house.clock.now())
    house.ended.mark_caught_up(house.clock.monotonic())
    assert (await house.authorize(fresh, SIGNED_IN, house.clock.now())).allowed
    await house.refresh(again.refresh_token.value, house.clock.now())


async def test_a_suspension_without_an_end_does_not_end() -> None:
    house = House()
    await suspended(house, WITHOUT_END)
    house.clock.move(1000 * A_DAY)
    with pytest.raises(InvalidCredentials):
        await house.signed_in()


async def test_a_session_of_an_account_that_was_suspended_by_hand_goes_on_when_the_suspension_is_over() -> None:
    """AD-02: the refresh token is refused meanwhile, and not used up."""
    house = House()
    ada = await house.with_user("ada")
    first = (await house.signed_in()).refresh_token.value
    house.database.tables.users[ada.id] = replace(ada, suspension=SPAM)
    for refresh in (house.refresh, house.continue_session):
        with pytest.raises(InvalidRefreshToken):
            await refresh(first, house.clock.now())
    house.clock.move(A_DAY)
    await house.refresh(first, house.clock.now())


async def test_the_cached_access_of_an_account_changes_when_its_suspension_ends() -> None:
    """AD-02: with no change in the feed and no read of the database."""
    house = House()
    ada = await suspended(house)
    house.ended.mark_caught_up(house.clock.monotonic())
    token = PlainTokens().verify(a_token(ada), NOON)
    assert (await house.authorize(token, SIGNED_IN, TOMORROW - timedelta(microseconds=1))).reason == "account_disabled"
    assert house.authorize_from_cache(token, SIGNED_IN, TOMORROW - timedelta(microseconds=1)) is not None
    decided = house.authorize_from_cache(token, SIGNED_IN, TOMORROW)
    assert decided is not None
    assert decided.allowed


def test_a_change_is_decided_by_the_clock_of_its_request() -> None:
    """AZ-07."""
    ada = a_user().disabled_now(SPAM)
    session = a_session(ada)
    by = a_principal(ada, session)
    assert decide_change(by, ada, session).reason == "account_disabled"
    assert decide_change(replace(by, admitted_at=TOMORROW), ada, session).allowed


def test_a_link_of_a_letter_is_void_while_the_account_is_suspended() -> None:
    ada = a_user().disabled_now(SPAM)
    token = LinkToken(
        hash=LinkTokenHash(bytes(32)),
        purpose=LinkPurpose.PASSWORD_RESET,
        user_id=ada.id,
        address_key=email_of(ada).key,
        expires_at=TOMORROW + DAY,
    )
    assert not token.is_valid_for(LinkPurpose.PASSWORD_RESET, ada, NOON)
    assert token.is_valid_for(LinkPurpose.PASSWORD_RESET, ada, TOMORROW)


@pytest.mark.parametrize(("moved", "sent"), [(0, 0), (A_DAY, 1)])
async def test_a_forgotten_password_gets_its_letter_once_the_suspension_is_over(moved: float, sent: int) -> None:
    house = House()
    ada = await suspended(house)
    house.clock.move(moved)
    await house.request_reset(email_of(ada).value, DEFAULT_LANGUAGE, house.clock.now())
    assert await house.send_letters() == sent


async def test_an_admin_whose_suspension_is_over_counts_as_an_enabled_one() -> None:
    """AZ-05."""
    house = House()
    ada, grace = await house.with_user("ada", ADMIN), await house.with_user("grace", ADMIN)
    await house.update(grace.id, UserChanges(disabled=True, suspension=SPAM), OPERATOR)
    for refused in (
        house.update(ada.id, UserChanges(disabled=True), OPERATOR),
        house.revoke(ada.id, ADMIN, OPERATOR),
        house.delete_user(ada.id, OPERATOR),
    ):
        with pytest.raises(LastAdmin):
            await refused
    house.clock.move(A_DAY)
    await house.revoke(ada.id, ADMIN, OPERATOR)
    assert await HasAdmin(house.storage, house.clock)()
    with pytest.raises(LastAdmin):
        await house.update(grace.id, UserChanges(disabled=True, suspension=WITHOUT_END), OPERATOR)


async def test_disabling_again_replaces_the_suspension_and_ends_nothing_more() -> None:
    house = House()
    ada = await suspended(house)
    changed = await house.update(ada.id, UserChanges(disabled=True), OPERATOR)
    assert (changed.suspension, changed.epoch) == (WITHOUT_END, ada.epoch)
    enabled = await house.update(ada.id, UserChanges(disabled=False), OPERATOR)
    assert (enabled.suspension, enabled.epoch) == (None, ada.epoch)


async def test_suspending_anew_after_the_end_ends_the_sessions_since_then() -> None:
    """AD-02."""
    house = House()
    ada = await suspended(house)
    house.clock.move(A_DAY)
    signed_in = await house.signed_in()
    again = await house.update(ada.id, UserChanges(disabled=True), OPERATOR)
    assert again.epoch == ada.epoch + 1
    assert await house.session(signed_in.session.id) is None


async def test_the_log_says_until_when_an_account_is_disabled_and_not_why() -> None:
    """LG-01."""
    house = House()
    await suspended(house)
    (line,) = house.log.of(SecurityEvent.USER_UPDATED)
    assert (line["disabled"], line["until"]) == (True, "2026-11-24T12:00:00+00:00")
    assert "spam" not in str(line)
    assert "spam" not in repr(await house.stored((await house.with_user("bob")).id)) + repr(SPAM)


@pytest.mark.parametrize("reason", ["", "Sent spam.", "Zürich, 1 < 2 & \U0001f41f", "x" * MAX_REASON_CHARACTERS])
def test_a_reason_is_one_line(reason: str) -> None:
    assert Suspension.parse(reason, None, NOON) == Suspension(reason=reason)


@pytest.mark.parametrize(
    "reason", ["two\nlines", "x" * (MAX_REASON_CHARACTERS + 1), "\u202egnihton", "\x1b[2J", "\ud800"]
)
def test_a_reason_that_a_list_could_not_show_is_refused(reason: str) -> None:
    with pytest.raises(InvalidReason):
        Suspension.parse(reason, None, NOON)


def test_the_end_of_a_suspension_is_kept_in_utc() -> None:
    elsewhere = (NOON + timedelta(hours=1)).astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert str(Suspension.parse("", elsewhere, NOON).until) == "2026-11-23 13:00:00+00:00"


@pytest.mark.parametrize(
    "until",
    [
        NOON,
        NOON - DAY,
        datetime(2030, 1, 31),  # noqa: DTZ001 what a client may send
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=14))),
        datetime.min.replace(tzinfo=UTC),
    ],
)
def test_an_end_that_is_not_in_the_future_or_not_a_moment_is_refused(until: datetime) -> None:
    with pytest.raises(InvalidUntil):
        Suspension.parse("", until, NOON)


def test_the_decision_about_an_account_turns_at_the_end_exactly() -> None:
    access = a_user().disabled_now(SPAM).access
    assert decide(access, SIGNED_IN, TOMORROW - timedelta(microseconds=1)).reason == "account_disabled"
    assert decide(access, SIGNED_IN, TOMORROW).allowed
    assert decide(a_user(disabled=True).access, SIGNED_IN, TOMORROW).reason == "account_disabled"
