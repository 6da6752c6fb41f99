"""No text of an entity has NUL or half of a character, since not every database stores them."""

from collections.abc import Callable

import pytest

from doorward.domain.access.role import parse_description, parse_role_name
from doorward.domain.accounts.alias import Alias
from doorward.domain.accounts.email import Email, login_key
from doorward.domain.accounts.profile import Profile
from doorward.domain.accounts.suspension import Suspension
from doorward.domain.accounts.username import Username
from doorward.domain.errors import Invalid
from doorward.domain.services.service import parse_service_name
from doorward.domain.sessions.session import Device
from doorward.testing.doubles import NOON

PARSED: dict[str, Callable[[str], str | None]] = {
    "username": lambda raw: Username.parse(raw).value,
    "email": lambda raw: Email.parse(f"{raw}@example.org").value,
    "alias": lambda raw: getattr(Alias.parse(raw), "value", None),
    "login": login_key,
    "role": parse_role_name,
    "description": parse_description,
    "service": parse_service_name,
    "reason": lambda raw: Suspension.parse(raw, None, NOON).reason,
    "user agent": lambda raw: Device.described("192.0.2.7", raw).user_agent,
}


@pytest.mark.parametrize("character", ["\0", "\ud800"])
@pytest.mark.parametrize("text", PARSED)
def test_no_text_has_nul_or_half_of_a_character(text: str, character: str) -> None:
    for raw in (character, f"ada{character}", f"{character}ada", f"ad{character}a"):
        try:
            stored = PARSED[text](raw)
        except Invalid:
            continue
        assert character not in (stored or "")


def test_a_profile_writes_nul_as_an_escape() -> None:
    assert Profile.of({"note": "a\0b"}).text == '{"note":"a\\u0000b"}'
