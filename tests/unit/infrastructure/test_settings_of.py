"""Settings that a program makes with keywords."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from doorward import Settings, StartRefused
from doorward.infrastructure.settings.groups import setting_hints
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.setting_values import SettingValues
from doorward.infrastructure.settings.sources import FILE_SETTINGS


def test_every_setting_is_a_keyword() -> None:
    assert set(SettingValues.__annotations__) == {*setting_hints(), *(f"{name}_file" for name in FILE_SETTINGS)}


def test_values_in_python_types_mean_what_their_variables_mean(tmp_path: Path) -> None:
    made = Settings.of(
        data_dir=tmp_path,
        public_url="https://example.com/auth",
        allowed_hosts=["internal.example.com", "testserver"],
        trusted_proxies=[ip_network("10.0.0.0/8")],
        docs=False,
        session_idle_seconds=timedelta(days=3),
        access_token_seconds="5m",
        audit_days=timedelta(weeks=2),
        hash_threads=2,
        profile_schema=None,
    )
    assert made == load_settings(
        {
            "DOORWARD_DATA_DIR": str(tmp_path),
            "DOORWARD_PUBLIC_URL": "https://example.com/auth",
            "DOORWARD_ALLOWED_HOSTS": "internal.example.com, testserver",
            "DOORWARD_TRUSTED_PROXIES": "10.0.0.0/8",
            "DOORWARD_DOCS": "false",
            "DOORWARD_SESSION_IDLE_SECONDS": "259200",
            "DOORWARD_ACCESS_TOKEN_SECONDS": "300",
            "DOORWARD_AUDIT_DAYS": "14",
            "DOORWARD_HASH_THREADS": "2",
        }
    )


def test_the_environment_and_the_env_file_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DOORWARD_AUDIENCE=file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOORWARD_AUDIENCE", "environment")
    monkeypatch.setenv("DOORWARD_NONSENSE", "x")
    monkeypatch.setenv("PORT", "1")
    made = Settings.of()
    assert (made.audience, made.port) == ("doorward", 8080)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"public_url": "example.com"}, "public_url: begin with https:// (or http://) and a host name."),
        ({"secretkey": "x"}, "secretkey is not a setting; did you mean secret_key?"),
        ({"docs": "yes"}, "docs: use one of true, false."),
        ({"port": 0}, "port: write a whole number from 1 to 65535."),
        ({"port": 80.5}, "port: write text, a number, a truth value, a path, a timedelta or a list, and not a float."),
        ({"refresh_grace": timedelta(milliseconds=5)}, "refresh_grace: write a timedelta of whole seconds."),
        ({"audit_days": timedelta(hours=5)}, "audit_days: write a timedelta of whole days."),
        ({"smtp_url": "smtp://mail.example.com"}, "smtp_url is set: set mail_from, too, to the sender of the letters."),
        (
            {"public_url": "https://example.com/api"},
            "public_url: /api is also the beginning of routes of Doorward. Say what the proxy does with the path, by "
            "proxy_path=kept or proxy_path=stripped, or write another path.",
        ),
    ],
)
def test_what_cannot_be_used_is_named_as_the_caller_wrote_it(values: dict[str, Any], text: str) -> None:
    with pytest.raises(StartRefused) as refused:
        Settings.of(**values)
    assert str(refused.value) == text


def test_a_secret_is_in_no_message() -> None:
    with pytest.raises(StartRefused) as refused:
        Settings.of(database_url="mysql://ada:hush-hush@:port/name", secret_key="another secret")
    assert "hush" not in str(refused.value)
