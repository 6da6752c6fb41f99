"""What every storage adapter promises beside its storage: StorageAdapter of `doorward.adapters`."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.adapters import Address, StartRefused, StorageAdapter, StorageAddress
from doorward.infrastructure.adapters.chosen import storage_adapter
from doorward.infrastructure.adapters.installed import installed_adapters
from doorward.infrastructure.clock import SystemClock
from doorward.testing.builders import a_user
from doorward.testing.storage_access import found, put
from support.outside.packages import install_toy

NOW = SystemClock().now
WITHOUT_SCHEMA = frozenset({"memory"})


@pytest.fixture(params=["memory", "sqlite", "toy"])
def adapter(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StorageAdapter]:
    """The adapter of a database that nobody has migrated."""
    packages, file = tmp_path / "packages", tmp_path / "data" / "file"
    install_toy(packages)
    file.parent.mkdir(mode=0o700)
    monkeypatch.syspath_prepend(packages)
    importlib.invalidate_caches()
    installed_adapters.cache_clear()
    urls = {
        "memory": f"memory://{tmp_path.name}",
        "sqlite": f"sqlite:///{file}",
        "toy": f"toy://ada:hunter2@shelf{file}",
    }
    yield storage_adapter(StorageAddress(url=Address.parse(urls[request.param])))
    installed_adapters.cache_clear()


async def test_a_database_without_a_schema_is_refused_and_diagnosed_and_left_as_it_is(adapter: StorageAdapter) -> None:
    if adapter.masked.partition("://")[0] not in WITHOUT_SCHEMA:
        with pytest.raises(StartRefused, match="run `doorward migrate`") as refused:
            await adapter.check()
        assert "\n" not in str(refused.value)
        (finding,) = await adapter.diagnose(NOW)
        assert (finding.check, finding.state) == ("database", "wrong")
        assert finding.fix
    assert not any(file.exists() for file in adapter.files)


async def test_a_database_is_migrated_once(adapter: StorageAdapter) -> None:
    before, after = await adapter.migrate()
    assert (before is None) == (adapter.masked.partition("://")[0] not in WITHOUT_SCHEMA)
    assert await adapter.migrate() == (after, after)
    await adapter.check()
    states = {finding.check: finding.state for finding in await adapter.diagnose(NOW)}
    assert states["database"] != "wrong"
    assert all(file.exists() for file in adapter.files[:1])


async def test_what_one_storage_has_stored_the_next_one_finds(adapter: StorageAdapter) -> None:
    await adapter.migrate()
    ada = a_user("ada")
    first = adapter.open(NOW)
    await put(first, ada)
    await first.close()
    second = adapter.open(NOW)
    assert await found(second, ada.id) == ada
    await second.close()


async def test_the_masked_url_names_the_database_and_nothing_secret(adapter: StorageAdapter) -> None:
    assert "hunter2" not in adapter.masked
    assert all(str(file).startswith("/") for file in adapter.files)
