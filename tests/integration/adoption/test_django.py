"""Django's tables and hashes, as Django 5.2 made them on SQLite."""

from pathlib import Path

import pytest

from doorward.domain.errors import InvalidCredentials
from support.adoption import Install
from support.sql_by_hand import sql_on

MADE_BY_DJANGO = Path(__file__).parent / "made_by" / "django.sql"
PASSWORDS = {
    "ada": "violet harbour kettle",
    "Grace": "argon two",
    "blaise": "bcrypt plain",
    "s\u00f8ren": "scrypt one",
}
"""By PBKDF2, Argon2, bcrypt and scrypt."""


@pytest.fixture
def django(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'django.db'}"
    sql_on(url)(*(statement for statement in MADE_BY_DJANGO.read_text("utf-8").split(";\n") if statement.strip()))
    return url


async def test_everybody_signs_in_with_the_password_that_they_have(install: Install, django: str) -> None:
    """And the two with one name when case does not count are told apart."""
    house = await install()
    report = await house.adopted("django", django)
    assert (report.total, report.adopted, report.admins) == (8, 5, ["ada"])
    users = [await house.sign_in(login, password) for login, password in PASSWORDS.items()]
    assert [user.external_id for user in users] == ["1", "2", "3", "4"]
    assert [sorted(user.roles) for user in users[:3]] == [
        ["admin", "staff", "user"],
        ["site-editors", "user"],
        ["user"],
    ]
    assert users[0].created_at.isoformat() == "2024-05-01T12:00:00+00:00"
    assert (users[3].username.value, users[3].alias and users[3].alias.value) == ("user-4", "s\u00f8ren")
    off = await house.user("off@example.org")
    assert (off.is_enabled_at(house.now), off.username.value) == (False, "off")
    with pytest.raises(InvalidCredentials):
        await house.authenticate("off@example.org", "violet harbour kettle", house.now)


async def test_who_cannot_come_is_named_with_the_reason(install: Install, django: str) -> None:
    house = await install()
    report = await house.adopted("django", django, dry_run=True)
    reasons = {refused.shown: refused.reason for refused in report.refused}
    assert reasons.keys() == {"social", "prehashed", "grace"}
    assert "no password" in reasons["social"]
    assert "of a kind that is not supported" in reasons["prehashed"]
    assert reasons["grace"] == "Its name is that of Grace (2)."
