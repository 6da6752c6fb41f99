"""The letter about a sign-in from a new device."""

from collections.abc import Sequence

import pytest

from doorward.application.sessions.notice_device import NoticeDevice
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidCredentials
from doorward.domain.ids import UserId
from doorward.domain.letters.letter import LetterKind
from doorward.domain.sessions.origin import Origin
from doorward.domain.sessions.session import Device
from doorward.infrastructure.memory.known_agents import MemoryKnownAgents
from doorward.testing.builders import DEVICE_TOKENS, OTHER_PASSWORD, PASSWORD
from doorward.testing.storage_access import sessions_of
from support.house import House
from support.sign_in_codes import ADDRESS, ordered_code

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEWER_FIREFOX = FIREFOX.replace("140", "141")
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36"


def origin(user_agent: str, user: User | None = None) -> Origin:
    """Of a browser, which has a device token of `user` if one is given."""
    token = None if user is None else DEVICE_TOKENS.issue(user.id)
    return Origin(device=Device("192.0.2.7", user_agent), device_token=token, language="fr")


async def letters_after(house: House, *user_agents: str) -> list[str]:
    """Sign in with these, a minute apart; the programs that letters told of."""
    for user_agent in user_agents:
        house.clock.move(60)
        await house.authenticate("ada", PASSWORD, house.clock.now(), origin(user_agent))
    await house.send_letters()
    told = [contents.details["agent"] for contents in house.mailer.sent if contents.kind is LetterKind.NEW_DEVICE]
    house.mailer.sent.clear()
    return told


async def sign_out_everywhere(house: House, user: User) -> None:
    async with house.storage.transaction() as tx:
        await tx.sessions.end_all(user.id, user.epoch + 1)


async def test_the_owner_is_told_of_the_first_sign_in_with_another_program() -> None:
    house = House()
    ada = await house.with_user("ada")
    assert await letters_after(house, FIREFOX) == []
    house.clock.move(60)
    signed_in = await house.authenticate("ada", PASSWORD, house.clock.now(), origin(CHROME))
    await house.send_letters()
    (contents,) = house.mailer.sent
    assert (contents.kind, contents.recipient, contents.language) == (LetterKind.NEW_DEVICE, ada.address, "fr")
    assert contents.written_at == signed_in.session.started_at
    assert contents.details == {"agent": "Chrome (Windows)", "address": "192.0.2.7"}


async def test_the_letter_has_a_link_that_ends_all_sessions_and_asks_for_a_new_password() -> None:
    """VF-02: for an address that was verified."""
    house = House()
    ada = await house.with_user("ada")
    async with house.storage.transaction() as tx:
        await tx.users.save(ada.verified(house.clock.now()))
    await letters_after(house, FIREFOX)
    await house.authenticate("ada", PASSWORD, house.clock.now(), origin(CHROME))
    await house.send_letters()
    (told,) = house.mailer.sent
    assert (told.kind, told.token_minutes) == (LetterKind.NEW_DEVICE, 7 * 24 * 60)
    assert told.token is not None
    reset_token = await house.undo_change(told.token, house.clock.now())
    assert await sessions_of(house.storage, ada) == []
    with pytest.raises(InvalidCredentials):
        await house.signed_in("ada")
    await house.reset_password(reset_token, OTHER_PASSWORD, "en", house.clock.now())
    await house.authenticate("ada", OTHER_PASSWORD, house.clock.now())


async def test_the_locale_of_the_account_counts_more_than_the_language_of_the_request() -> None:
    house = House()
    ada = await house.with_user("ada")
    async with house.storage.transaction() as tx:
        await tx.users.save(ada.with_locale("pt"))
    await letters_after(house, FIREFOX)
    await house.authenticate("ada", PASSWORD, house.clock.now(), origin(CHROME))
    await house.send_letters()
    assert [contents.language for contents in house.mailer.sent] == ["pt"]


async def test_an_address_that_was_never_verified_gets_no_link() -> None:
    """VF-02: it may be that of somebody else."""
    house = House()
    await house.with_user("ada")
    await letters_after(house, FIREFOX)
    await house.authenticate("ada", PASSWORD, house.clock.now(), origin(CHROME))
    await house.send_letters()
    (told,) = house.mailer.sent
    assert (told.kind, told.token) == (LetterKind.NEW_DEVICE, None)


async def test_nobody_is_told_of_the_very_first_sign_in() -> None:
    house = House()
    await house.with_user("ada")
    assert await letters_after(house, CHROME, CHROME) == []


async def test_a_device_is_told_of_once_and_a_new_version_is_no_new_device() -> None:
    house = House()
    await house.with_user("ada")
    told = await letters_after(house, FIREFOX, NEWER_FIREFOX, CHROME, FIREFOX, CHROME, "", "")
    assert told == ["Chrome (Windows)", ""]


async def test_what_the_account_has_shown_is_remembered_after_its_sessions_ended() -> None:
    house = House()
    ada = await house.with_user("ada")
    assert await letters_after(house, FIREFOX, CHROME) == ["Chrome (Windows)"]
    await sign_out_everywhere(house, ada)
    assert await letters_after(house, CHROME, NEWER_FIREFOX, "curl/8.5.0") == ["curl"]


async def test_the_owner_is_told_of_a_new_device_after_all_sessions_ended() -> None:
    house = House()
    ada = await house.with_user("ada")
    await letters_after(house, FIREFOX)
    await sign_out_everywhere(house, ada)
    assert await letters_after(house, CHROME) == ["Chrome (Windows)"]


async def test_sessions_from_before_devices_were_remembered_count_as_shown() -> None:
    house = House()
    ada = await house.with_user("ada")
    await letters_after(house, FIREFOX, "okhttp/4.12.0")
    house.database.tables.known_agents.clear()
    assert await letters_after(house, FIREFOX, CHROME) == ["Chrome (Windows)"]
    await sign_out_everywhere(house, ada)
    assert await letters_after(house, "okhttp/5.0.0", NEWER_FIREFOX) == []


async def test_a_browser_with_a_device_token_of_the_account_is_no_new_device() -> None:
    house = House()
    ada, eve = await house.with_user("ada"), await house.with_user("eve")
    await letters_after(house, FIREFOX)
    house.clock.move(60)
    await house.authenticate("ada", PASSWORD, house.clock.now(), origin(CHROME, ada))
    await house.send_letters()
    assert house.mailer.sent == []
    await house.authenticate("ada", PASSWORD, house.clock.now(), origin("curl/8.5.0", eve))
    await house.send_letters()
    assert [contents.details["agent"] for contents in house.mailer.sent] == ["curl"]


async def test_a_sign_in_by_a_code_is_told_of_as_well() -> None:
    house = House()
    await house.with_user("ada")
    await letters_after(house, FIREFOX)
    code = await ordered_code(house)
    await house.sign_in_by_code(ADDRESS, code, house.clock.now(), origin(CHROME))
    assert await letters_after(house) == ["Chrome (Windows)"]


async def test_a_sign_in_that_fails_is_not_told_of() -> None:
    house = House()
    await house.with_user("ada")
    await letters_after(house, FIREFOX)
    with pytest.raises(InvalidCredentials):
        await house.authenticate("ada", "wrong", house.clock.now(), origin(CHROME))
    assert await letters_after(house) == []


async def test_without_the_setting_no_letter_is_sent_and_nothing_is_remembered() -> None:
    house = House(notice_device=NoticeDevice(sends_letters=False))
    await house.with_user("ada")
    assert await letters_after(house, FIREFOX, CHROME) == []
    assert house.database.tables.known_agents == {}


async def test_a_sign_in_reads_what_is_remembered_once_and_only_if_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    ada = await house.with_user("ada")
    reads: list[UserId] = []
    of_user = MemoryKnownAgents.of_user

    async def counted(agents: MemoryKnownAgents, user_id: UserId) -> Sequence[str]:
        reads.append(user_id)
        return await of_user(agents, user_id)

    monkeypatch.setattr(MemoryKnownAgents, "of_user", counted)
    for user_agent, user, expected in (
        (FIREFOX, None, 1),
        (NEWER_FIREFOX, None, 0),
        (CHROME, ada, 0),
        (CHROME, None, 0),
        ("curl/8.5.0", None, 1),
    ):
        house.clock.move(60)
        await house.authenticate("ada", PASSWORD, house.clock.now(), origin(user_agent, user))
        assert len(reads) == expected, user_agent
        reads.clear()
