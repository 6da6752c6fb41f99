from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from dishka import Provider, Scope, provide

from doorward.application.accounts.authenticate import Authenticate
from doorward.application.adoption.adopt_accounts import AdoptAccounts
from doorward.application.ports.security import AccessTokens
from doorward.application.ports.storage import Storage
from doorward.infrastructure.container import make_container
from doorward.infrastructure.settings.loading import load_settings
from doorward.testing.doubles import PlainTokens
from support.adoption import Install, Installation
from support.made_tables import make_tables_of
from support.programs.command_line import PATIENT


class UnsignedTokens(Provider):
    """No test here is about tokens, so there is no key to sign them."""

    @provide(scope=Scope.APP)
    def tokens(self) -> AccessTokens:
        return PlainTokens()


@pytest.fixture
async def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Install]:
    """`install()`: Doorward on SQLite, or with the settings that are given. A hash is renewed however slow the machine
    is."""
    monkeypatch.setattr("doorward.application.accounts.authenticate.REHASH_DEADLINE_SECONDS", 60)
    async with AsyncExitStack() as stack:

        async def start(**settings: str) -> Installation:
            given = {**PATIENT, "data_dir": str(tmp_path / "data"), **settings}
            loaded = load_settings({f"DOORWARD_{name.upper()}": value for name, value in given.items()})
            make_tables_of(loaded.database)
            container = make_container(loaded, UnsignedTokens())
            stack.push_async_callback(container.close)
            return Installation(
                storage=await container.get(Storage),
                adopt=await container.get(AdoptAccounts),
                authenticate=await container.get(Authenticate),
                url=loaded.database_url,
            )

        yield start
