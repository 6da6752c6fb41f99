"""A wrong code costs the database the same, whether or not somebody has the address."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from doorward.application.accounts.count_attempt import CountAttempt
from doorward.application.accounts.find_and_count import FindAndCount
from doorward.application.accounts.sign_in_by_code import SignInByCode
from doorward.domain.accounts.attempts import AttemptPolicy
from doorward.domain.accounts.sign_in_code import CODE_LIFE, SignInCode
from doorward.domain.errors import InvalidCode
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import DEVICE_TOKENS, LOGINS, SIGN_IN_CODES, a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.house import House


async def test_every_address_leads_to_the_same_statements_in_the_same_order(tmp_path: Path) -> None:
    """SI-02, RS-01: with a code, without one, and without an account."""
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    await migrate(url)
    storage, house = SqlStorage.open(url), House()
    ada, grace = a_user("ada"), a_user("grace")
    code, stored = SIGN_IN_CODES.generate(ada)
    await put(storage, ada, grace, SignInCode(user_id=ada.id, hash=stored, expires_at=NOON + CODE_LIFE))
    count = CountAttempt(storage, LOGINS, AttemptPolicy(), house.log)
    find_and_count = FindAndCount(storage, DEVICE_TOKENS, count)
    sign_in = SignInByCode(SIGN_IN_CODES, house.open_session, house.log, find_and_count)
    ran: list[str] = []

    def record(*executed: object) -> None:
        ran.append(str(executed[2]))

    async def statements(email: str) -> list[str]:
        ran.clear()
        with pytest.raises(InvalidCode):
            await sign_in(email, f"{code}0", NOON)
        return list(ran)

    event.listen(Engine, "before_cursor_execute", record)
    try:
        known, without_code, unknown = [
            await statements(email) for email in ("ada@example.org", "grace@example.org", "nobody@example.org")
        ]
    finally:
        event.remove(Engine, "before_cursor_execute", record)
        await storage.close()
    assert known == without_code == unknown
    assert any("sign_in_codes" in statement for statement in known)
