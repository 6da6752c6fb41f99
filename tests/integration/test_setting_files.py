"""Settings that come from files: `.env`, and secrets that are named by `..._FILE`."""

import os
import re
from pathlib import Path

import pytest

from doorward.infrastructure.settings.descriptions import describe_settings
from doorward.infrastructure.settings.env_file import parse_env
from doorward.infrastructure.settings.settings import load_settings
from doorward.infrastructure.settings.start_refused import StartRefused

SECRET = "t0p-of-the-class/7Jx2QmZk9sVbN4wLr8"
EXAMPLE = Path(__file__).parents[2] / ".env.example"


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / ".env", "DOORWARD_PORT=9000\nDOORWARD_WORKERS=2\nOTHER=1\n")
    found = load_settings({"DOORWARD_PORT": "9001"}, file)
    assert (found.port, found.workers) == (9001, 2)


def test_a_bare_port_of_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / ".env", "DOORWARD_PORT=9000\n")
    assert load_settings({"PORT": "9001"}, file).port == 9001


def test_there_need_be_no_file(tmp_path: Path) -> None:
    assert load_settings({}, tmp_path / ".env").port == 8080


def test_an_unknown_name_in_the_file_refuses_and_tells_where(tmp_path: Path) -> None:
    file = written(tmp_path / ".env", "DOORWARD_PROT=9000\n")
    with pytest.raises(StartRefused, match=re.escape(f"DOORWARD_PROT (in {file}) is not a setting")):
        load_settings({}, file)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  A = b  ", "b"),
        ("export A=b", "b"),
        ("A=", ""),
        ("A=b # c", "b"),
        ("A=b#c", "b#c"),
        ("A=a b", "a b"),
        ("A=it's", "it's"),
        ("A='b # c'", "b # c"),
        ("A='b' # c", "b"),
        ("A='# c'", "# c"),
        (r"A='b\n'", r"b\n"),
        (r'A="b\n\"c\" $d"', 'b\n"c" $d'),
        ("A=$HOME", "$HOME"),
        ("A=${HOME}", "${HOME}"),
        ("A=b\r", "b"),
        ("A=b=c", "b=c"),
    ],
)
def test_a_line_sets_a_variable_and_nothing_in_it_is_substituted(line: str, value: str) -> None:
    assert parse_env(f"# comment\n\n{line}\n", "file") == {"A": value}


@pytest.mark.parametrize(
    "line", ["SECRETS", "=b", "A B=c", "A='b", 'A="b', "A='b'c", 'A="b" c', "A= # c", "A=#c", "A=b\0c", "A=\x1bb"]
)
def test_a_line_that_is_not_clear_refuses_the_start_without_being_repeated(line: str) -> None:
    """ST-04."""
    with pytest.raises(StartRefused, match=r"^file, line 2: ") as refused:
        parse_env(f"\n{line}\n", "file")
    assert line not in str(refused.value)


def test_a_name_that_is_set_twice_refuses() -> None:
    with pytest.raises(StartRefused, match="A is set twice"):
        parse_env("A=1\nA=2\n", "file")


def test_a_file_that_is_no_text_refuses(tmp_path: Path) -> None:
    file = written(tmp_path / ".env", "")
    file.write_bytes(b"DOORWARD_PORT=\xff\xfe\n")
    with pytest.raises(StartRefused, match="UTF-8"):
        load_settings({}, file)


@pytest.mark.parametrize("mode", [0o602, 0o606, 0o666])
def test_a_settings_file_that_others_may_change_refuses(tmp_path: Path, mode: int) -> None:
    """ST-04: they could choose the database and the secret."""
    file = written(tmp_path / ".env", "DOORWARD_PORT=9000\n", mode)
    with pytest.raises(StartRefused, match=f"Other users may change {re.escape(str(file))}; run: chmod 600"):
        load_settings({}, file)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o644, 0o660])
def test_a_settings_file_that_others_may_only_read_is_read(tmp_path: Path, mode: int) -> None:
    assert load_settings({}, written(tmp_path / ".env", "DOORWARD_PORT=9000\n", mode)).port == 9000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_that_somebody_else_owns_refuse(tmp_path: Path) -> None:
    """ST-04: the owner may change them, whatever their mode."""
    env, key = written(tmp_path / ".env", "DOORWARD_PORT=9000\n"), written(tmp_path / "key", SECRET)
    for path in (env, key):
        os.chown(path, 12_345, -1)
    with pytest.raises(StartRefused, match="belongs to another user; run: chown 0"):
        load_settings({}, env)
    with pytest.raises(StartRefused, match=r"DOORWARD_SECRET_KEY_FILE: .* belongs to another user"):
        load_settings({"DOORWARD_SECRET_KEY_FILE": str(key)})


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """ST-04."""
    key, url = written(tmp_path / "key", f"{SECRET}\n"), written(tmp_path / "url", "sqlite:////srv/doorward.db")
    found = load_settings({"DOORWARD_SECRET_KEY_FILE": str(key), "DOORWARD_DATABASE_URL_FILE": str(url)})
    assert found.secret_key == SECRET
    assert found.database_url == "sqlite:////srv/doorward.db"


def test_a_secret_in_a_file_is_secret_enough_for_other_interfaces(tmp_path: Path) -> None:
    """OP-05."""
    key = written(tmp_path / "key", SECRET)
    environ = {"DOORWARD_HOST": "0.0.0.0", "DOORWARD_BEHIND_TLS_PROXY": "true", "DOORWARD_SECRET_KEY_FILE": str(key)}
    assert load_settings(environ).secret_key == SECRET


@pytest.mark.parametrize("mode", [0o604, 0o622, 0o601])
def test_a_secret_file_that_others_can_open_refuses(tmp_path: Path, mode: int) -> None:
    """ST-04."""
    key = written(tmp_path / "key", SECRET, mode)
    with pytest.raises(StartRefused, match="chmod 600") as refused:
        load_settings({"DOORWARD_SECRET_KEY_FILE": str(key)})
    assert SECRET not in str(refused.value)


def test_a_secret_file_that_is_missing_or_empty_refuses(tmp_path: Path) -> None:
    """ST-04."""
    for path in (tmp_path / "none", written(tmp_path / "empty", "\n"), tmp_path):
        with pytest.raises(StartRefused, match="DOORWARD_SECRET_KEY_FILE"):
            load_settings({"DOORWARD_SECRET_KEY_FILE": str(path)})


def test_a_secret_that_is_given_twice_refuses(tmp_path: Path) -> None:
    key = written(tmp_path / "key", SECRET)
    with pytest.raises(StartRefused, match="both set"):
        load_settings({"DOORWARD_SECRET_KEY": SECRET, "DOORWARD_SECRET_KEY_FILE": str(key)})


def test_the_environment_s_secret_wins_over_the_one_that_the_file_names(tmp_path: Path) -> None:
    file = written(tmp_path / ".env", f"DOORWARD_SECRET_KEY_FILE={tmp_path / 'none'}\n")
    assert load_settings({"DOORWARD_SECRET_KEY": SECRET}, file).secret_key == SECRET


def test_the_example_names_every_setting_with_its_default_and_changes_none() -> None:
    lines = EXAMPLE.read_text().splitlines()
    for name, default, meaning in describe_settings():
        assert f"# {meaning}" in lines, name
        assert f"#{name}={default}" in lines or {f"# Default: {default}.", f"#{name}="} <= set(lines), name
    assert parse_env(EXAMPLE.read_text(), ".env.example") == {}
    assert len([line for line in lines if line.startswith("#DOORWARD_")]) == len(describe_settings())


def test_a_file_without_secrets_may_be_read_but_not_changed_by_others(tmp_path: Path) -> None:
    ca = written(tmp_path / "ca.pem", "-----BEGIN CERTIFICATE-----\n")
    environ = {"DOORWARD_DATABASE_URL": "mysql://ada@db/doorward", "DOORWARD_DATABASE_SSL_CA_FILE": str(ca)}
    ca.chmod(0o644)
    assert load_settings(environ).database_ssl_ca == "-----BEGIN CERTIFICATE-----"
    ca.chmod(0o646)
    with pytest.raises(StartRefused, match=r"DOORWARD_DATABASE_SSL_CA_FILE: other users may change .*chmod 644"):
        load_settings(environ)
