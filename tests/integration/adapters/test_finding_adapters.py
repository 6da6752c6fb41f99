"""How adapters are found, and what is said about those that cannot be used."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from doorward.adapters import HasherAdapterFactory, MailAdapterFactory, StorageAdapterFactory
from doorward.infrastructure.adapters import chosen
from doorward.infrastructure.adapters.installed import AdapterKind, find_adapter, installed_adapters
from doorward.infrastructure.mail.smtp_adapter import SmtpAdapter
from doorward.infrastructure.memory.adapter import MemoryAdapter
from doorward.infrastructure.security.argon2_adapter import Argon2Adapter
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.masking import masked_settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.adapter import SqlAdapter
from support.outside.packages import TOY, install, install_toy

URL = "toy://ada:hunter2hunter2@shelf/toys?token=t0ken-of-the-t0y"

STORAGES: dict[str, StorageAdapterFactory] = {
    "mariadb": SqlAdapter.at,
    "memory": MemoryAdapter.at,
    "mysql": SqlAdapter.at,
    "sqlite": SqlAdapter.at,
}
MAILERS: dict[str, MailAdapterFactory] = {"smtp": SmtpAdapter.at, "smtps": SmtpAdapter.at}
HASHERS: dict[str, HasherAdapterFactory] = dict.fromkeys(("argon2-cffi", "auto", "libsodium"), Argon2Adapter)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages. What was read of others before is forgotten, and so is this afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    installed_adapters.cache_clear()
    yield tmp_path
    installed_adapters.cache_clear()


def refusal(**settings: str) -> str:
    """The one line that refuses the settings, in which no secret is."""
    with pytest.raises(StartRefused) as refused:
        load_settings({f"DOORWARD_{name.upper()}": value for name, value in settings.items()})
    line = str(refused.value)
    assert "\n" not in line
    assert "hunter2" not in line
    assert "t0ken" not in line
    return line


@pytest.mark.parametrize(
    ("kind", "factories"),
    [(chosen.STORAGE, STORAGES), (chosen.MAILERS, MAILERS), (chosen.HASHERS, HASHERS)],
    ids=["storage", "mailers", "hashers"],
)
def test_the_adapters_of_doorward_are_entry_points_too(
    kind: AdapterKind, factories: Mapping[str, Callable[..., object]]
) -> None:
    assert {name: find_adapter(kind, name).loaded(kind) for name in kind.own} == factories


def test_two_packages_with_the_same_scheme_are_refused_by_their_names(folder: Path) -> None:
    install_toy(folder)
    install(folder, "another-toy", {"doorward.storage": {"toy": "another:Adapter"}})
    assert refusal(database_url=URL) == (
        "DOORWARD_DATABASE_URL: Several packages have the storage adapter toy: another-toy and toy-storage; uninstall "
        "all but one of them."
    )


@pytest.mark.parametrize(
    ("group", "name", "settings"),
    [
        ("doorward.storage", "mariadb", {"database_url": "mariadb://ada@db/doorward"}),
        ("doorward.storage", "sqlite", {}),
        ("doorward.mailers", "smtp", {"smtp_url": "smtp://mail.example.org", "mail_from": "a@example.org"}),
        ("doorward.hashers", "auto", {"hasher": "auto"}),
    ],
    ids=["server", "file", "mail", "hasher"],
)
def test_nobody_takes_the_place_of_an_adapter_of_doorward(
    folder: Path, group: str, name: str, settings: dict[str, str]
) -> None:
    install(folder, "other-adapters", {group: {name: "other:Adapter"}})
    assert f"{name}: doorward and other-adapters; uninstall" in refusal(**settings)


@pytest.mark.parametrize(
    ("module", "value", "said"),
    [
        ("import a_missing_driver", "broken:Adapter", "(ModuleNotFoundError: No module named 'a_missing_driver')"),
        ("raise OSError('no libtoy.so\\nin /lib')", "broken:Adapter", "(OSError: no libtoy.so in /lib)"),
        ("", "broken:Adapter", "(AttributeError: module 'broken' has no attribute 'Adapter')"),
        ("", "missing:Adapter", "(ModuleNotFoundError: No module named 'missing')"),
        ("Adapter = 7", "broken:Adapter", "is broken:Adapter, which cannot be called"),
    ],
)
def test_a_broken_adapter_is_refused_with_its_name_and_the_cause(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, value: str, said: str
) -> None:
    monkeypatch.delitem(sys.modules, "broken", raising=False)
    install(folder, "broken-toy", {"doorward.storage": {"toy": value}})
    (folder / "broken.py").write_text(module, "utf-8")
    line = refusal(database_url=URL)
    assert line.startswith("DOORWARD_DATABASE_URL: The storage adapter toy of the package broken-toy ")
    assert said in line


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (URL.replace("/toys", ""), "write toy://USER:PASSWORD@NAME/PATH?token=TOKEN."),
        (URL.replace("@shelf", "@shelf:hunter2hunter2"), "Port could not be cast to integer value as '***'."),
        (URL.replace("@shelf", "@[shelf"), "Invalid IPv6 URL."),
    ],
)
def test_what_an_adapter_says_about_an_address_is_passed_on_without_secrets(folder: Path, url: str, said: str) -> None:
    install_toy(folder)
    assert refusal(database_url=url) == f"DOORWARD_DATABASE_URL: {said}"


def test_a_fault_of_an_adapter_is_named_without_its_text(folder: Path) -> None:
    install(folder, "faulty-toy", {"doorward.storage": {"toy": "faulty:at"}})
    (folder / "faulty.py").write_text("def at(address): raise KeyError(address.url.text)", "utf-8")
    assert "the package faulty-toy failed with KeyError" in refusal(database_url=URL)


def test_an_adapter_refuses_a_setting_that_it_cannot_follow(folder: Path) -> None:
    install_toy(folder)
    assert refusal(database_url=URL, table_prefix="auth_").startswith("DOORWARD_TABLE_PREFIX is not for toy://")
    assert refusal(database_url="memory://", table_prefix="auth_").startswith("DOORWARD_TABLE_PREFIX")
    assert refusal(database_url="memory://", workers="2").startswith("DOORWARD_WORKERS")


def test_the_driver_behind_a_plus_is_left_to_the_adapter(folder: Path) -> None:
    install_toy(folder)
    given = {"DOORWARD_DATABASE_URL": URL.replace("toy://", "Toy+wood://")}
    assert masked_settings(load_settings(given))["DOORWARD_DATABASE_URL"] == "toy://ada:***@shelf/toys"


def test_adapters_of_all_kinds_are_found_by_their_names(folder: Path) -> None:
    install_toy(folder)
    given = {"database_url": URL, "smtp_url": "toy://t0ken-of-the-t0y@post/letter", "hasher": "toy"}
    settings = load_settings({f"DOORWARD_{n.upper()}": v for n, v in given.items()} | {"DOORWARD_MAIL_FROM": "a@b.org"})
    adapters = (settings.database, settings.mail, settings.hashing)
    assert [type(each).__name__ for each in adapters] == ["ToyAdapter", "ToyMailAdapter", "ToyHasherAdapter"]
    assert "hunter2" not in repr(settings) + repr(masked_settings(settings))
    assert "t0ken" not in repr(settings) + repr(masked_settings(settings))
    assert set(TOY) == {"doorward.storage", "doorward.mailers", "doorward.hashers"}
