from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from doorward.application.accounts.register_user import RegisterUser
from doorward.application.adoption.report import AdoptionProgress, AdoptionReport, Refused, Renamed
from doorward.application.adoption.wishes import Wish, Wishes
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import ADMIN, MODERATOR, USER
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.suspension import WITHOUT_END
from doorward.domain.accounts.user import User
from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.domain.errors import AdoptionRefused, EmailNotVerified, InvalidCredentials, UsernameTaken
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from doorward.testing.doubles import NOON
from support.foreign_accounts import ListSource, foreign
from support.house import House

JORG = foreign("17", "J\u00f6rg M\u00fcller", "jm@example.org")
NO_WISHES: Wishes = {}


async def adopted(
    house: House, *accounts: ForeignAccount, wishes: Wishes = NO_WISHES, dry_run: bool = False
) -> AdoptionReport:
    return await house.adopt(ListSource(accounts), wishes, NOON, by=OPERATOR, dry_run=dry_run)


def users(house: House) -> dict[str, User]:
    return {user.external_id or "": user for user in house.storage.database.tables.users.values()}


def reasons(report: AdoptionReport) -> dict[str, str]:
    return {refused.external_id: refused.reason for refused in report.refused}


async def signs_in(house: House, login: str, external_id: str, password: str = PASSWORD) -> None:
    signed_in = await house.authenticate(login, password, NOON)
    assert signed_in.user.external_id == external_id


async def test_accounts_come_with_their_passwords_roles_and_ids() -> None:
    house, years_ago = House(), datetime(2019, 5, 4, tzinfo=UTC)
    report = await adopted(
        house,
        foreign("1", "Ada", created_at=years_ago, roles=("moderator", "user")),
        foreign("2", "bob", disabled=True),
        foreign("3", "carl", roles=("Site Editors",)),
    )
    assert (report.total, report.coming, report.adopted, report.complete) == (3, 3, 3, True)
    ada, bob, carl = (users(house)[each] for each in "123")
    assert (ada.username.value, ada.address, ada.created_at) == ("Ada", "Ada@example.org", years_ago)
    assert (ada.roles, ada.alias, bob.suspension) == (frozenset({USER, MODERATOR}), None, WITHOUT_END)
    assert carl.roles == {USER, "site-editors"}
    assert (report.new_roles, report.admins, report.renamed) == (["site-editors"], [], [])
    await signs_in(house, "ada", "1")
    await signs_in(house, "ADA@example.org", "1")


async def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    accounts = [
        foreign("1", "ada", roles=("admin", "boss")),
        JORG,
        foreign("18", "J\u00d6RG M\u00dcLLER", None),
        foreign("19", "x", None, password_hash=None),
        foreign("20", "jorg-muller", None),
    ]
    house = House()
    before = house.storage.database.tables
    expected = await adopted(house, *accounts, dry_run=True)
    assert house.storage.database.tables == before
    assert house.log.events == []
    done = await adopted(house, *accounts)
    assert replace(done, adopted=0) == expected
    assert done.adopted == expected.coming == 3


async def test_a_second_run_brings_only_those_who_are_new() -> None:
    house = House()
    await adopted(house, foreign("1", "ada"), foreign("2", "bob"))
    ada = users(house)["1"]
    async with house.storage.transaction() as tx:
        changed = ada.with_password(PasswordHash(f"$plain$1${OTHER_PASSWORD}")).disabled_now()
        await tx.users.save(changed)
    report = await adopted(house, foreign("1", "ada"), foreign("2", "bob"), foreign("3", "eve"))
    assert (report.total, report.already, report.adopted) == (3, 2, 1)
    assert users(house)["1"] == replace(changed, version=1)


async def test_who_was_deleted_here_does_not_come_back() -> None:
    house = House()
    await adopted(house, foreign("1", "ada"))
    async with house.storage.transaction() as tx:
        await tx.users.delete(users(house)["1"].id)
    report = await adopted(house, foreign("1", "ada"))
    assert (report.already, report.adopted, users(house)) == (1, 0, {})


async def test_a_run_that_was_cut_off_is_taken_up() -> None:
    house = House()
    accounts = [foreign(str(number), f"user-{number}") for number in range(9)]

    def interrupt(progress: AdoptionProgress) -> None:
        if progress.adopted == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await house.adopt(ListSource(accounts), {}, NOON, by=OPERATOR, on_progress=interrupt)
    assert sorted(users(house)) == ["0", "1", "2", "3"]
    report = await adopted(house, *accounts)
    assert (report.already, report.adopted) == (4, 5)
    assert [event for event, _ in house.log.events] == [
        SecurityEvent.USERS_IMPORT_FAILED,
        SecurityEvent.USERS_IMPORTED,
    ]


async def test_sources_of_other_names_do_not_mix() -> None:
    house = House()
    await adopted(house, foreign("1", "ada"))
    report = await house.adopt(ListSource([foreign("1", "eve")], "shop"), {}, NOON, by=OPERATOR)
    assert (report.already, report.adopted) == (0, 1)


@pytest.mark.parametrize(
    ("name", "username"),
    [
        ("J\u00f6rg M\u00fcller", "jorg-muller"),
        ("john smith", "john-smith"),
        ("ab", "user-7"),
        ("\u9759\u304b", "user-7"),
        ("\u0430dm\u0456n", "user-7"),
        ("x" * 40, "x" * 24),
        ("Admin \u00fc", "admin-u"),
        ("\u00c4dmin", "user-7"),
        ("d\u00f6orward", "user-7"),
        (".dotty", "dotty"),
        ("--\u00e4--", "user-7"),
    ],
)
async def test_a_name_outside_the_alphabet_signs_in_and_stands_beside_a_derived_username(
    name: str, username: str
) -> None:
    house = House()
    report = await adopted(house, foreign("7", name, "a@example.org"))
    user = users(house)["7"]
    assert (user.username.value, user.alias and user.alias.value) == (username, name)
    renamed = Renamed(external_id="7", before=name, username=username, signs_in_as_before=True)
    assert report.renamed == [renamed]
    for login in (name, f" {name.upper()} ", username, "a@example.org"):
        await signs_in(house, login, "7")


async def test_nobody_can_sign_up_with_an_alias_or_a_name_that_folds_to_it() -> None:
    house = House()
    await adopted(house, JORG)
    register: RegisterUser = house.register
    with pytest.raises(UsernameTaken):
        await register("jorg-muller", "other@example.org", PASSWORD, NOON)
    await register("jorg", "other@example.org", PASSWORD, NOON)
    await signs_in(house, "J\u00f6rg M\u00fcller", "17")


async def test_a_name_that_everybody_types_like_a_username_becomes_that_username() -> None:
    house = House()
    report = await adopted(house, foreign("1", "Stra\u00dfe", "s@example.org"), foreign("2", " ada ", "a@example.org"))
    assert [users(house)[each].username.value for each in "12"] == ["strasse", "ada"]
    assert [(each.before, each.signs_in_as_before) for each in report.renamed] == [("Stra\u00dfe", True)]
    for login in ("Stra\u00dfe", "STRASSE", "strasse"):
        await signs_in(house, login, "1")


async def test_whoever_has_a_name_keeps_it_before_anybody_gets_a_derived_one() -> None:
    house = House()
    await adopted(house, foreign("1", "J\u00f6rg", None), foreign("2", "Jorg", None), foreign("3", "J\u00f3rg", None))
    assert [users(house)[each].username.value for each in "123"] == ["jorg-2", "Jorg", "jorg-3"]
    for external_id, login in (("1", "J\u00f6rg"), ("2", "jorg"), ("3", "j\u00f3rg")):
        await signs_in(house, login, external_id)


async def test_names_that_fold_to_the_same_are_listed_with_a_proposal_that_works() -> None:
    house = House()
    await house.with_user("eve")
    accounts = [
        foreign("1", "Ada", "1@example.org"),
        foreign("2", "ada", "2@example.org"),
        foreign("3", "EVE", "3@example.org"),
        foreign("4", "bob", "1@example.org"),
        foreign("5", "ada-2", "5@example.org"),
        foreign("6", "\uff41\uff44\uff41", "6@example.org"),
        foreign("7", "J\u00f6rg", None),
        foreign("8", "J\u00d6RG", None),
    ]
    report = await adopted(house, *accounts)
    assert sorted(users(house)) == ["", "1", "5", "7"]
    assert sorted(report.refused, key=lambda each: each.external_id) == [
        Refused(
            external_id="2",
            shown="ada",
            reason="Its name is that of Ada (1).",
            proposal={"id": "2", "username": "ada-3"},
        ),
        Refused(
            external_id="3",
            shown="EVE",
            reason="Its name is that of an account that is here already.",
            proposal={"id": "3", "username": "eve-2"},
        ),
        Refused(
            external_id="4", shown="bob", reason="Its address is that of Ada (1).", proposal={"id": "4", "email": None}
        ),
        Refused(
            external_id="6",
            shown="\uff41\uff44\uff41",
            reason="Its name is that of Ada (1).",
            proposal={"id": "6", "username": "ada-4"},
        ),
        Refused(
            external_id="8",
            shown="J\u00d6RG",
            reason="Its name is that of J\u00f6rg (7).",
            proposal={"id": "8", "username": "jorg-2"},
        ),
    ]
    wishes = {
        refused.external_id: Wish(
            username=refused.proposal.get("username"), no_email=refused.proposal.get("email", "") is None
        )
        for refused in report.refused
        if refused.proposal
    }
    again = await adopted(house, *accounts, wishes=wishes)
    assert (again.refused, again.adopted, again.already) == ([], 5, 3)
    assert {each.before: each.signs_in_as_before for each in again.renamed} == {
        "ada": False,
        "EVE": False,
        "\uff41\uff44\uff41": False,
        "J\u00d6RG": False,
    }
    await signs_in(house, "ada-3", "2")
    await signs_in(house, "ada", "1")
    await signs_in(house, "j\u00f6rg", "7")
    assert users(house)["4"].email is None


async def test_an_account_without_a_usable_address_comes_without_one() -> None:
    house = House()
    report = await adopted(
        house, foreign("1", "ada", None), foreign("2", "bob", "nobody"), foreign("3", "eve", "  "), foreign("4", "joe")
    )
    assert [users(house)[each].address for each in "1234"] == [None, None, None, "joe@example.org"]
    assert report.without_address.keys() == {"ada", "bob", "eve"}
    assert report.without_address["ada"] == "It has none."
    for external_id, name in (("1", "ada"), ("2", "bob"), ("3", "eve")):
        await signs_in(house, name, external_id)


async def test_a_name_that_is_the_own_address_signs_in_as_such() -> None:
    house = House()
    report = await adopted(
        house,
        foreign("1", "Ada.King@Example.org", "ada.king@example.org"),
        foreign("2", "bob@example.org", None),
        foreign("3", "eve@example.org", "other@example.org"),
    )
    assert [(users(house)[each].username.value, users(house)[each].alias) for each in "12"] == [
        ("ada.king", None),
        ("bob", None),
    ]
    assert users(house)["2"].address == "bob@example.org"
    await signs_in(house, "ADA.king@example.org", "1")
    assert reasons(report) == {"3": "It signs in with an address that is not its own."}


async def test_accounts_of_a_system_without_names_get_one_from_their_address() -> None:
    house = House()
    report = await adopted(
        house,
        *(foreign(str(number), None, f"ada@{number}.example.org") for number in range(3)),
        foreign("9", None, "no address"),
        foreign("10", None, None),
    )
    assert [users(house)[each].username.value for each in "012"] == ["ada", "ada-2", "ada-3"]
    assert report.renamed == []
    assert sorted(reasons(report)) == ["10", "9"]
    await signs_in(house, "ada@1.example.org", "1")


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        (foreign("1", "ada", password_hash=None), "no password"),
        (foreign("1", "ada", password_hash=""), "no password"),
        (foreign("1", "ada", password_hash="md5"), "could not be used here"),
        (foreign("1", "x" * 256, "x@example.org"), "Nobody could type its name"),
        (foreign("1", "a\u200bb", "x@example.org"), "Nobody could type its name"),
        (foreign("1", "  ", None), "no name"),
    ],
)
async def test_who_cannot_come_is_named_with_the_reason(account: ForeignAccount, reason: str) -> None:
    house = House()
    report = await adopted(house, account, foreign("2", "bob"))
    assert reason in reasons(report)["1"]
    assert (report.complete, report.adopted, [*users(house)]) == (False, 1, ["2"])
    assert PASSWORD not in str(report)


async def test_the_map_gives_names_and_addresses_and_leaves_accounts_where_they_are() -> None:
    house = House()
    accounts = (foreign("1", "ada"), JORG, foreign("3", "a\u200bb", None), foreign("4", "old"))
    wishes = {
        "1": Wish(username="countess", email="c@example.org"),
        "17": Wish(username="joerg", no_email=True),
        "3": Wish(username="third"),
        "4": Wish(leave=True),
    }
    report = await adopted(house, *accounts, wishes=wishes)
    assert (report.left, report.adopted, report.refused) == (1, 3, [])
    assert (users(house)["1"].username.value, users(house)["1"].address) == ("countess", "c@example.org")
    await signs_in(house, "J\u00f6rg M\u00fcller", "17")
    await signs_in(house, "third", "3")
    with pytest.raises(InvalidCredentials):
        await house.authenticate("ada", PASSWORD, NOON)


async def test_a_map_that_is_wrong_changes_nothing() -> None:
    house = House()
    with pytest.raises(AdoptionRefused, match="ids that the source does not have: 99"):
        await adopted(house, foreign("1", "ada"), wishes={"99": Wish(leave=True)})
    assert users(house) == {}
    report = await adopted(
        house,
        foreign("1", "ada"),
        foreign("2", "bob"),
        wishes={"1": Wish(username="?"), "2": Wish(email="?")},
        dry_run=True,
    )
    assert sorted(reasons(report)) == ["1", "2"]


async def test_roles_that_would_become_one_are_refused() -> None:
    house = House()
    accounts = (foreign("1", "ada", roles=("Editors",)), foreign("2", "bob", roles=("editors",)))
    with pytest.raises(AdoptionRefused, match="Editors and editors would both become editors"):
        await adopted(house, *accounts)
    with pytest.raises(AdoptionRefused, match="no name that could be used"):
        await adopted(house, foreign("1", "ada", roles=("\u9759",)))
    assert users(house) == {}


async def test_the_report_names_those_who_come_as_admins() -> None:
    """At the tutorial everybody can sign up as one."""
    house = House()
    report = await adopted(house, foreign("1", "ada", roles=("admin",)), replace(JORG, roles=("admin",)))
    assert report.admins == ["ada", "jorg-muller"]
    assert users(house)["17"].roles == {USER, ADMIN}


async def test_a_time_of_creation_that_cannot_be_true_is_now() -> None:
    house = House()
    await adopted(house, foreign("1", "ada", created_at=NOON + timedelta(days=9)))
    assert NOON <= users(house)["1"].created_at < NOON + timedelta(seconds=1)


async def test_an_address_that_the_other_system_has_proved_is_verified_here() -> None:
    """Not another one that the map gives."""
    house = House()
    wishes = {"2": Wish(email="other@example.org"), "3": Wish(no_email=True)}
    await adopted(
        house,
        foreign("1", "ada", " Ada@Example.ORG", email_verified=True),
        foreign("2", "bob", email_verified=True),
        foreign("3", "eve", email_verified=True),
        foreign("4", "joe"),
        wishes=wishes,
    )
    assert [users(house)[each].email_verified for each in "1234"] == [True, False, False, False]


async def test_where_verified_addresses_are_required_an_account_without_one_signs_in_to_give_it() -> None:
    house = House(verification=EmailVerification.REQUIRED)
    await adopted(house, foreign("1", "ada", None), foreign("2", "bob"))
    await signs_in(house, "ada", "1")
    with pytest.raises(EmailNotVerified):
        await house.authenticate("bob", PASSWORD, NOON)


async def test_the_security_log_tells_of_it() -> None:
    house = House()
    await adopted(house, foreign("1", "ada"))
    await adopted(house, foreign("1", "ada"), foreign("2", "bob"))
    assert house.log.events[1] == (
        SecurityEvent.USERS_IMPORTED,
        {"by": "operator", "source": "tutorial", "imported": 1, "skipped": 1},
    )
