"""Use cases of Doorward in a program, and in a transaction of that program."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, text

import doorward
from doorward import Library, Settings
from doorward.application.access.grant_role import GrantRole
from doorward.application.accounts.authenticate import Authenticate
from doorward.application.accounts.change_password import ChangePassword
from doorward.application.accounts.create_user import CreateUser
from doorward.application.accounts.find_user import FindUser
from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.accounts.import_users import ImportUsers
from doorward.application.accounts.list_users import ListUsers
from doorward.application.accounts.register_user import RegisterUser
from doorward.application.adoption.adopt_accounts import AdoptAccounts
from doorward.application.letters.letter_sender import LetterSender
from doorward.application.ports.clock import Clock
from doorward.application.sessions.continue_session import ContinueSession
from doorward.application.sessions.refresh_session import RefreshSession
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import MODERATOR
from doorward.domain.errors import AccountMissing, TransactionConflict, UsernameTaken
from doorward.interfaces.embedding.own_transaction import KEEPS_TRACES
from doorward.testing.builders import PASSWORD
from doorward.testing.doubles import ListLog
from support.http.in_process import Doubles
from support.readme import PROJECT

orders = Table("shop_orders", MetaData(), Column("id", Integer, primary_key=True), Column("user_id", String(36)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library") / "data"
    async with (
        doorward.open(Settings.of(data_dir=folder), migrate=True, background=False) as library,
        library.transaction() as mine,
    ):
        await mine.connection.change(text("CREATE TABLE shop_orders (id INTEGER PRIMARY KEY, user_id TEXT)"))
    return folder


@pytest.fixture
async def library(opened_before: Path, tmp_path: Path) -> AsyncIterator[Library]:
    folder = await asyncio.to_thread(shutil.copytree, opened_before, tmp_path / "data")
    async with doorward.open(Settings.of(data_dir=folder), overrides=[Doubles(ListLog())], background=False) as library:
        yield library


async def orders_of(library: Library) -> list[str]:
    async with library.transaction() as mine:
        return [row.user_id for row in await mine.connection.rows(select(orders))]


async def test_use_cases_are_called_as_functions(library: Library) -> None:
    register, find = await library.get(RegisterUser), await library.get(FindUser)
    user_id = await register("ada", "ada@example.org", PASSWORD, library.now())
    assert user_id is not None
    assert (await find(user_id)).username.value == "ada"


async def test_use_cases_and_statements_of_the_program_are_committed_together(library: Library) -> None:
    async with library.transaction() as mine:
        user_id = await (await mine.get(RegisterUser))("ada", "ada@example.org", PASSWORD, library.now())
        assert user_id is not None
        await (await mine.get(GrantRole))(user_id, MODERATOR, library.now(), by=OPERATOR)
        await mine.connection.change(insert(orders), {"user_id": str(user_id)})
        assert (await (await mine.get(FindUser))(user_id)).roles >= {MODERATOR}
        with pytest.raises(AccountMissing):
            await (await library.get(FindUser))(user_id)
    assert await orders_of(library) == [str(user_id)]
    assert (await (await library.get(FindUser))(user_id)).roles >= {MODERATOR}


async def test_an_exception_of_the_program_rolls_both_back(library: Library) -> None:
    async def fail() -> None:
        async with library.transaction() as mine:
            user_id = await (await mine.get(RegisterUser))("ada", "ada@example.org", PASSWORD, library.now())
            await mine.connection.change(insert(orders), {"user_id": str(user_id)})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await orders_of(library) == []
    await (await library.get(RegisterUser))("ada", "ada@example.org", PASSWORD, library.now())


async def test_a_refusal_leaves_the_transaction_of_the_program_as_it_was(library: Library) -> None:
    create = await library.get(CreateUser)
    await create("ada", "ada@example.org", PASSWORD, library.now(), by=OPERATOR)
    async with library.transaction() as mine:
        await mine.connection.change(insert(orders), {"user_id": "before"})
        with pytest.raises(UsernameTaken):
            await (await mine.get(RegisterUser))("ada", "other@example.org", PASSWORD, library.now())
        await mine.connection.change(insert(orders), {"user_id": "after"})
    assert await orders_of(library) == ["before", "after"]


async def test_a_transaction_that_the_database_gave_up_is_not_committed(library: Library) -> None:
    async def go_on() -> None:
        async with library.transaction() as mine:
            await mine.connection.change(insert(orders), {"user_id": "x"})
            create = await mine.get(CreateUser)
            with pytest.raises(TransactionConflict):
                async with create.storage.transaction():
                    raise TransactionConflict(cause="deadlock")

    with pytest.raises(TransactionConflict):
        await go_on()
    assert await orders_of(library) == []


def test_everything_whose_refusal_leaves_a_trace_is_known() -> None:
    """Whoever counts a try or ends a session because of it, and refuses then."""
    traces = ("token_reused(", ".count_try(", ".attempts.add(")
    files = [path for path in (PROJECT / "src/application").rglob("*.py") if path.parent.name != "ports"]
    leaving = {path.stem for path in files if any(trace in path.read_text("utf-8") for trace in traces)}
    known = {use_case.__module__.rpartition(".")[2] for use_case in KEEPS_TRACES}
    assert leaving - {"token_reuse"} <= known
    assert len(leaving) == 5


async def test_what_must_leave_a_trace_cannot_join(library: Library) -> None:
    async with library.transaction() as mine:
        for use_case in (Authenticate, RefreshSession, ContinueSession, ChangePassword, ImportUsers, AdoptAccounts):
            with pytest.raises(TypeError, match=f"^{use_case.__name__} keeps .* call it outside"):
                await mine.get(use_case)
        for other in (LetterSender, Settings):
            with pytest.raises(TypeError, match="take it from the library"):
                await mine.get(other)


async def test_a_use_case_does_not_outlive_its_transaction(library: Library) -> None:
    async with library.transaction() as mine:
        identify = await mine.get(IdentifyUser)
    with pytest.raises(RuntimeError, match="has ended"):
        async with identify.storage.reading():
            pass


async def test_the_background_work_runs_unless_it_is_turned_off(opened_before: Path) -> None:
    async with doorward.open(Settings.of(data_dir=opened_before)) as library:
        names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
        assert "ChangeFollower.run" in names
        assert await library.get(Clock)
    assert "ChangeFollower.run" not in {
        task.get_coro().__qualname__  # type: ignore[union-attr]
        for task in asyncio.all_tasks()
    }


async def test_the_same_runs_in_memory(tmp_path: Path) -> None:
    overrides = [Doubles(ListLog())]
    settings = Settings.of(data_dir=tmp_path, database_url="memory://")
    async with doorward.open(settings, overrides=overrides, background=False) as library:
        async with library.transaction() as mine:
            user_id = await (await mine.get(RegisterUser))("ada", "ada@example.org", PASSWORD, library.now())
            assert len((await (await mine.get(ListUsers))(library.now(), limit=9)).users) == 1
            with pytest.raises(TypeError, match="has no connection"):
                mine.connection  # noqa: B018
        assert user_id is not None
        assert (await (await library.get(FindUser))(user_id)).username.value == "ada"
