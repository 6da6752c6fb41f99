"""The locale and the profile of an account: who sets them, and in which language letters are."""

import json
from dataclasses import replace

import pytest

from doorward.application.accounts.find_profile import FindProfile
from doorward.application.accounts.update_own_account import UpdateOwnAccount
from doorward.application.accounts.update_user import UpdateUser, UserChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.profile import MAX_PROFILE_BYTES, Profile, ProfileChange
from doorward.domain.errors import InvalidLocale, InvalidProfile, InvalidToken
from doorward.domain.letters.language import Language, parse_locale
from doorward.infrastructure.json_schema import JsonSchema, compiled
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD, a_principal
from support.house import House

PHYSICS = Profile.of({"department": "Physics"})
SCHEMA = JsonSchema(compiled({"properties": {"department": {"type": "string"}}, "additionalProperties": False}))


@pytest.mark.parametrize(("tag", "language"), [("de", "de"), ("DE-at", "de"), ("pt-BR", "pt"), ("zh-Hans", None)])
def test_a_tag_names_a_language_of_letters(tag: str, language: str | None) -> None:
    if language:
        assert parse_locale(tag) == language
    else:
        with pytest.raises(InvalidLocale, match="such as en, de, fr, es or pt"):
            parse_locale(tag)


@pytest.mark.parametrize(
    "tag", ["", "d", "de_AT", "de-", "*", "de\n", "deutsch", "de, en", "\u0434\u0435", "de-" + "a" * 9]
)
def test_what_is_no_tag_of_ours_is_refused(tag: str) -> None:
    with pytest.raises(InvalidLocale):
        parse_locale(tag)


def test_a_profile_is_bounded_by_the_bytes_of_its_shortest_json() -> None:
    fits = {"a": "\u00e9" * ((MAX_PROFILE_BYTES - 8) // 2)}
    assert len(Profile.of(fits).text.encode()) == MAX_PROFILE_BYTES
    assert Profile.of(json.loads(json.dumps(fits, indent=4))) == Profile.of(fits)
    with pytest.raises(InvalidProfile, match="at most 4,096 bytes"):
        Profile.of({"a": fits["a"] + "b"})


async def test_the_holder_changes_locale_and_profile_and_each_on_its_own() -> None:
    house = House()
    signed_in = await house.newly_signed_in()
    by = a_principal(signed_in.user, signed_in.session)
    update, profile_of = UpdateOwnAccount(house.storage, SCHEMA, house.log), FindProfile(house.storage)
    await update(by, "de", ProfileChange(PHYSICS))
    await update(by, "fr", None)
    assert ((await house.stored(by.user_id)).locale, await profile_of(by.user_id)) == ("fr", PHYSICS)
    await update(by, None, ProfileChange(None))
    assert ((await house.stored(by.user_id)).locale, await profile_of(by.user_id)) == ("fr", None)
    assert await house.stored(by.user_id) == replace(signed_in.user, locale="fr", version=2)


async def test_no_log_line_holds_a_profile() -> None:
    """LG-03."""
    house = House()
    ada = await house.with_user()
    update = UpdateUser(house.storage, house.log, house.clock, SCHEMA)
    await update(ada.id, UserChanges(locale="es", profile=ProfileChange(PHYSICS)), OPERATOR)
    (line,) = house.log.of(SecurityEvent.USER_UPDATED)
    assert (line["locale"], line["profile_changed"]) == ("es", True)
    assert "Physics" not in repr(house.log.events)


async def test_a_profile_that_the_schema_forbids_changes_nothing() -> None:
    house = House()
    signed_in = await house.newly_signed_in()
    forbidden = ProfileChange(Profile.of({"department": 7}))
    with pytest.raises(InvalidProfile, match=r"^At '/department': the value is not of type \"string\"\.$"):
        await UpdateOwnAccount(house.storage, SCHEMA, house.log)(
            a_principal(signed_in.user, signed_in.session), "de", forbidden
        )
    with pytest.raises(InvalidProfile):
        await UpdateUser(house.storage, house.log, house.clock, SCHEMA)(
            signed_in.user.id, UserChanges(locale="de", profile=forbidden), OPERATOR
        )
    assert (await house.stored(signed_in.user.id)).locale is None
    assert house.database.tables.profiles == {}


async def test_who_is_signed_out_meanwhile_changes_nothing() -> None:
    house = House()
    signed_in = await house.newly_signed_in()
    async with house.storage.transaction() as tx:
        await tx.sessions.end([signed_in.session])
    with pytest.raises(InvalidToken):
        await UpdateOwnAccount(house.storage, SCHEMA, house.log)(
            a_principal(signed_in.user, signed_in.session), "de", ProfileChange(PHYSICS)
        )
    assert house.database.tables.profiles == {}


@pytest.mark.parametrize(
    ("named", "locale", "language"), [("pt", "de", "pt"), (None, "de", "de"), ("pt", None, "pt"), (None, None, "en")]
)
@pytest.mark.parametrize("cause", ["forgotten", "changed"])
async def test_a_letter_is_in_the_language_of_its_request_or_else_in_that_of_the_account(
    cause: str, named: Language | None, locale: Language | None, language: Language
) -> None:
    house = House()
    signed_in = await house.newly_signed_in()
    if locale:
        await UpdateUser(house.storage, house.log, house.clock)(signed_in.user.id, UserChanges(locale=locale), OPERATOR)
    if cause == "forgotten":
        await house.request_reset("ada@example.org", named, house.clock.now())
    else:
        by = a_principal(signed_in.user, signed_in.session)
        await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now(), named)
    await house.send_letters()
    assert [letter.language for letter in house.mailer.sent] == [language]


async def test_a_letter_that_the_operator_caused_is_in_the_language_of_the_account() -> None:
    house = House()
    ada = await house.with_user()
    await UpdateUser(house.storage, house.log, house.clock)(ada.id, UserChanges(locale="fr"), OPERATOR)
    await house.set_password(ada.id, OTHER_PASSWORD, house.clock.now(), by=OPERATOR)
    await house.send_letters()
    assert [letter.language for letter in house.mailer.sent] == ["fr"]


@pytest.mark.parametrize("locale", ["es", None])
async def test_a_new_account_has_the_locale_that_its_sign_up_named(locale: Language | None) -> None:
    house = House()
    user_id = await house.register("ada", "ada@example.org", PASSWORD, house.clock.now(), language=locale)
    assert user_id is not None
    assert (await house.stored(user_id)).locale == locale
