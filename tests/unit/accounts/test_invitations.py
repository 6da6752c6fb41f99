"""Invitations: the letter, its link, and the account that comes of it."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple, replace

import pytest

from doorward.application.access.remove_role import RemoveRole
from doorward.application.accounts.list_invitations import ListInvitations
from doorward.application.accounts.remove_invitation import RemoveInvitation
from doorward.application.letters.prune_letters import PruneLetters
from doorward.application.letters.retry_letter import RetryLetter
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR, Actor
from doorward.domain.access.role import ADMIN, USER, Role, RoleName
from doorward.domain.accounts.invitation import INVITATION_LIFE, MAY_INVITE
from doorward.domain.accounts.sign_up import SignUp
from doorward.domain.accounts.user import User
from doorward.domain.errors import (
    Invalid,
    InvalidEmail,
    InvalidLink,
    InvalidRoleName,
    InvalidToken,
    InvitationMissing,
    RoleRequired,
    RoleUnknown,
    SignUpClosed,
    UsernameReserved,
    UsernameTaken,
)
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import LetterKind
from doorward.testing.builders import BLOCKED, PASSWORD, a_principal
from doorward.testing.doubles import NOON, PlainLinkTokens
from doorward.testing.storage_access import put
from support.house import House

ADDRESS, EDITOR = "ada@example.org", RoleName("editor")


async def an_admin(house: House) -> tuple[User, Actor]:
    """Add an admin, sign it in, and return it with the actor of its requests."""
    root = await house.with_user("root", ADMIN)
    await house.with_user("other", ADMIN)
    return root, a_principal(root, (await house.signed_in("root")).session, MAY_INVITE)


async def invited(house: House, by: Actor = OPERATOR, roles: Iterable[str] = (), locale: Language | None = None) -> str:
    """Invite the address, send the letter, and return its token."""
    await house.invite(ADDRESS, roles, locale, house.clock.now(), by=by)
    await house.send_letters()
    token = house.mailer.sent[-1].token
    assert token is not None
    return token


async def accept(house: House, token: str, name: str = "ada", language: Language | None = None) -> User:
    return await house.stored(await house.accept(token, name, PASSWORD, language, house.clock.now()))


async def test_whoever_is_invited_chooses_name_and_password_and_gets_the_roles() -> None:
    house = House()
    root, by = await an_admin(house)
    token = await invited(house, by, ["moderator"])
    (letter,) = house.mailer.sent
    assert (letter.kind, letter.recipient, letter.username) == (LetterKind.INVITATION, ADDRESS, "")
    assert letter.token_minutes == INVITATION_LIFE.total_seconds() / 60
    ada = await accept(house, token)
    assert (ada.address, sorted(ada.roles)) == (ADDRESS, ["moderator", "user"])
    assert ada.email_verified_at == house.clock.now()
    await house.authenticate("ada", PASSWORD, house.clock.now())
    (added,) = house.log.of(SecurityEvent.INVITATION_ADDED)
    (created,) = house.log.of(SecurityEvent.USER_CREATED)
    assert (added["by"], added["roles"]) == (str(root.id), "moderator user")
    assert (created["by"], created["roles"], created["invitation_id"]) == (
        "invitation",
        "moderator user",
        added["invitation_id"],
    )


@pytest.mark.parametrize(
    ("locale", "named", "of_letter", "of_account"),
    [("de", None, "de", "de"), ("de", "fr", "de", "fr"), (None, "pt", "en", "pt"), (None, None, "en", None)],
)
async def test_the_letter_is_in_the_locale_of_the_invitation_and_the_account_gets_that_of_its_holder(
    locale: Language | None, named: Language | None, of_letter: str, of_account: str | None
) -> None:
    house = House()
    token = await invited(house, locale=locale)
    assert house.mailer.sent[-1].language == of_letter
    assert (await accept(house, token, language=named)).locale == of_account


async def test_an_address_that_is_in_use_gets_no_letter_and_the_administrator_is_not_told() -> None:
    """RS-01."""
    house = House()
    await house.with_user("ada")
    for address in (ADDRESS, "eve@example.org"):
        await house.invite(address, (), None, house.clock.now(), by=OPERATOR)
    await house.send_letters()
    assert [letter.recipient for letter in house.mailer.sent] == ["eve@example.org"]
    (line,) = house.log.of(SecurityEvent.LETTER_DISCARDED)
    assert line["reason"] == "not_wanted_any_more"
    listed = await ListInvitations(house.storage)()
    assert {invitation.email.value for invitation in listed.invitations} == {ADDRESS, "eve@example.org"}


async def test_a_token_is_used_once() -> None:
    """RS-02."""
    house = House()
    token = await invited(house)
    await accept(house, token)
    with pytest.raises(InvalidLink):
        await accept(house, token, "grace")


async def test_of_fifty_who_use_one_token_at_once_one_succeeds() -> None:
    """RS-03."""
    house = House()
    token = await invited(house)
    outcomes = await asyncio.gather(
        *(accept(house, token, f"ada{number}") for number in range(50)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidLink"] * 49 + ["User"]


async def test_an_invitation_is_valid_for_seven_days_from_the_moment_it_was_made() -> None:
    """RS-02."""
    house = House()
    token = await invited(house)
    house.clock.move(INVITATION_LIFE.total_seconds() - 1)
    with pytest.raises(Invalid):
        await house.accept(token, "ada", "short", None, house.clock.now())
    house.clock.move(1)
    with pytest.raises(InvalidLink):
        await accept(house, token)


async def test_expired_invitations_are_pruned_with_the_letters() -> None:
    house = House()
    await invited(house)
    house.clock.move(INVITATION_LIFE.total_seconds())
    await PruneLetters(house.storage)(house.clock.now())
    assert len(house.database.tables.invitations) == 1
    house.clock.move(1)
    await PruneLetters(house.storage)(house.clock.now())
    assert house.database.tables.invitations == {}


async def test_the_newest_invitation_of_an_address_replaces_the_older_one() -> None:
    """RS-02."""
    house = House()
    first = await invited(house, roles=["admin"])
    second = await invited(house)
    with pytest.raises(InvalidLink):
        await accept(house, first)
    assert (await accept(house, second)).roles == {USER}


async def test_the_letter_of_a_replaced_invitation_is_not_sent() -> None:
    house = House()
    for _ in range(2):
        await house.invite(ADDRESS, (), None, house.clock.now(), by=OPERATOR)
    await house.send_letters()
    assert len(house.mailer.sent) == 1
    assert house.database.tables.letters.keys() == {house.mailer.sent[0].letter_id}
    token = house.mailer.sent[0].token
    assert token is not None
    await accept(house, token)


async def test_the_letter_of_an_expired_invitation_is_not_sent() -> None:
    """RS-02: also if the operator lets it be sent once more."""
    house = House()
    await house.invite(ADDRESS, (), None, house.clock.now(), by=OPERATOR)
    (letter,) = house.database.tables.letters
    house.clock.move(INVITATION_LIFE.total_seconds())
    await RetryLetter(house.storage)(letter, house.clock.now())
    await house.send_letters()
    assert house.mailer.sent == []
    assert house.database.tables.letters == {}


async def test_a_letter_that_is_repeated_has_a_token_that_works() -> None:
    house = House()
    house.mailer.failure = ZeroDivisionError()
    await house.invite(ADDRESS, (), None, house.clock.now(), by=OPERATOR)
    await house.send_letters()
    house.mailer.failure = None
    house.clock.move(3600)
    await house.send_letters()
    token = house.mailer.sent[-1].token
    assert token == "link-2"
    with pytest.raises(InvalidLink):
        await accept(house, "link-1")
    await accept(house, token)


@pytest.mark.parametrize("fate", ["disabled", "revoked", "deleted"])
async def test_an_invitation_is_void_while_its_inviter_may_not_invite(fate: str) -> None:
    """AZ-03."""
    house = House()
    root, by = await an_admin(house)
    token = await invited(house, by)
    async with house.storage.transaction() as tx:
        if fate == "disabled":
            await tx.users.save(root.disabled_now())
        elif fate == "revoked":
            await tx.users.revoke(root.id, ADMIN)
        else:
            await tx.users.delete(root.id)
    hashed = house.hasher.hashed
    with pytest.raises(InvalidLink):
        await accept(house, token)
    assert house.hasher.hashed == hashed
    if fate != "deleted":
        async with house.storage.transaction() as tx:
            if fate == "disabled":
                await tx.users.save(replace(root, version=root.version + 1))
            else:
                await tx.users.grant(root.id, ADMIN, NOON)
        await accept(house, token)


@pytest.mark.parametrize("fate", ["inviter disabled", "removed", "replaced", "address taken"])
async def test_what_happens_while_the_password_is_hashed_counts(fate: str) -> None:
    house = House()
    root, by = await an_admin(house)
    token = await invited(house, by)
    hash_plainly = house.hasher.hash

    class Interrupted:
        async def hash(self, password: object) -> object:
            (invitation,) = house.database.tables.invitations.values()
            if fate == "inviter disabled":
                async with house.storage.transaction() as tx:
                    await tx.users.save(root.disabled_now())
            elif fate == "removed":
                await RemoveInvitation(house.storage, house.log)(invitation.id, OPERATOR)
            elif fate == "replaced":
                await house.invite(ADDRESS, (), None, house.clock.now(), by=OPERATOR)
            else:
                await house.register("grace", ADDRESS, PASSWORD, house.clock.now())
            return await hash_plainly(password)  # type: ignore[arg-type]

    with pytest.raises(InvalidLink):
        await replace(house.accept, hasher=Interrupted())(token, "ada", PASSWORD, None, house.clock.now())  # type: ignore[arg-type]
    assert "ada" not in {user.username.value for user in house.database.tables.users.values()}


async def test_an_invitation_is_void_when_its_address_got_an_account() -> None:
    house = House()
    token = await invited(house)
    await house.register("grace", ADDRESS, PASSWORD, house.clock.now())
    with pytest.raises(InvalidLink):
        await accept(house, token)


async def test_roles_that_are_gone_by_then_are_not_granted() -> None:
    house = House()
    await put(house.storage, Role(name=EDITOR, created_at=NOON))
    token = await invited(house, roles=["editor", "moderator"])
    await RemoveRole(house.storage, house.log)(EDITOR, by=OPERATOR)
    assert (await accept(house, token)).roles == {USER, RoleName("moderator")}


async def test_what_is_refused_does_not_use_up_the_token() -> None:
    """SU-01, SU-06, SU-11."""
    house = House()
    await house.with_user("grace")
    token = await invited(house)
    for name, password, refusal in (
        ("a", PASSWORD, Invalid),
        ("root", PASSWORD, UsernameReserved),
        ("ada", "short", Invalid),
        ("ada", BLOCKED, Invalid),
        ("ada", "ada@example.org ada", Invalid),
        ("Grace", PASSWORD, UsernameTaken),
    ):
        with pytest.raises(refusal):
            await house.accept(token, name, password, None, house.clock.now())
    await accept(house, token)


@pytest.mark.parametrize("token", ["", "link-99", "nothing", "\ud800", "\u00e9" * 43])
async def test_an_unknown_token_is_refused_without_hashing(token: str) -> None:
    house = House()
    await invited(house)
    with pytest.raises(InvalidLink):
        await accept(house, token)
    assert house.hasher.hashed == 0
    assert [line["purpose"] for line in house.log.of(SecurityEvent.LINK_REFUSED)] == ["invitation"]


async def test_an_invitation_needs_an_address_and_roles_that_exist() -> None:
    """SU-16."""
    house = House()
    for address, roles, refusal in (
        ("ada", [], InvalidEmail),
        ("ada@example.org\nBcc: eve@example.org", [], InvalidEmail),
        (ADDRESS, ["Nothing!"], InvalidRoleName),
        (ADDRESS, ["nothing"], RoleUnknown),
    ):
        with pytest.raises(refusal):
            await house.invite(address, roles, None, house.clock.now(), by=OPERATOR)
    assert house.database.tables.invitations == {}
    assert house.database.tables.letters == {}


async def test_who_may_not_invite_any_more_neither_invites_nor_removes() -> None:
    """AZ-03."""
    house = House()
    root, by = await an_admin(house)
    invitation = await house.invite(ADDRESS, (), None, house.clock.now(), by=by)
    async with house.storage.transaction() as tx:
        await tx.users.revoke(root.id, ADMIN)
    with pytest.raises(RoleRequired):
        await house.invite("eve@example.org", (), None, house.clock.now(), by=by)
    with pytest.raises(RoleRequired):
        await RemoveInvitation(house.storage, house.log)(invitation.id, by)
    async with house.storage.transaction() as tx:
        await tx.users.delete(root.id)
    with pytest.raises(InvalidToken):
        await house.invite("eve@example.org", (), None, house.clock.now(), by=by)
    assert list(house.database.tables.invitations) == [invitation.id]


async def test_a_removed_invitation_is_void_and_its_letter_is_not_sent() -> None:
    house = House()
    token = await invited(house)
    invitation = await house.invite(ADDRESS, (), None, house.clock.now(), by=OPERATOR)
    remove = RemoveInvitation(house.storage, house.log)
    await remove(invitation.id, OPERATOR)
    with pytest.raises(InvitationMissing):
        await remove(invitation.id, OPERATOR)
    await house.send_letters()
    assert len(house.mailer.sent) == 1
    with pytest.raises(InvalidLink):
        await accept(house, token)
    (line,) = house.log.of(SecurityEvent.INVITATION_REMOVED)
    assert line == {"invitation_id": str(invitation.id), "by": "operator"}


async def test_where_sign_up_is_closed_nobody_invites_or_accepts() -> None:
    house = House()
    token = await invited(house)
    with pytest.raises(SignUpClosed):
        await replace(house.invite, sign_up=SignUp.CLOSED)("eve@example.org", (), None, NOON, by=OPERATOR)
    with pytest.raises(SignUpClosed):
        await replace(house.accept, sign_up=SignUp.CLOSED)(token, "ada", PASSWORD, None, NOON)
    await accept(house, token)


async def test_invitations_are_listed_page_by_page() -> None:
    """AD-04."""
    house = House()
    listed = ListInvitations(house.storage)
    for number in range(3):
        await house.invite(f"user{number}@example.org", (), None, house.clock.now(), by=OPERATOR)
        house.clock.move(1)
    first = await listed(limit=2)
    assert [each.email.value for each in first.invitations] == ["user0@example.org", "user1@example.org"]
    second = await listed(first.after, 2)
    assert [each.email.value for each in second.invitations] == ["user2@example.org"]
    assert second.after is None


async def test_no_token_is_stored_or_logged() -> None:
    """RS-02, LG-03."""
    house = House(link_tokens=PlainLinkTokens(issued=70_000))
    token = await invited(house)
    with suppress(InvalidLink):
        await accept(house, "link-1")
    tables = house.database.tables
    assert token not in str([astuple(letter) for letter in tables.letters.values()])
    assert token not in str([astuple(stored) for stored in tables.invitations.values()])
    assert token not in repr(house.log.events)
