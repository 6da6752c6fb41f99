import json
import shutil
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from doorward.domain.rate_limits.limit_name import LimitName
from doorward.infrastructure.diagnosis import diagnose_files
from doorward.infrastructure.settings.loading import load_settings
from support.jwt.material import pem_of
from support.mysql.server import MySQLServer
from support.programs.command_line import Doorward
from support.programs.processes import free_port

SECRET = "t0p-of-the-class/7Jx2QmZk9sVbN4wLr8"
OTHER_SECRET = "b0ttom-of-the-class/6Hw1PlYj8rUaM3vKq7"


def examined(doorward: Doorward, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and the findings by what they are about."""
    done = doorward("doctor", "--json", **environment)
    found = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    for finding in found.values():
        assert set(finding) == {"check", "state", "text", "fix"}
        assert bool(finding["fix"]) == (finding["state"] != "ok"), finding
    assert (done.returncode == 1) == any(finding["state"] == "wrong" for finding in found.values())
    return done.returncode, found


def test_a_fresh_installation_is_told_to_migrate_and_nothing_is_made(doorward: Doorward) -> None:
    code, found = examined(doorward)
    assert code == 1
    assert "doorward migrate" in found["database"]["fix"]
    assert not doorward.data_dir.exists()


def test_a_sound_installation_passes(migrated: Doorward) -> None:
    code, found = examined(migrated)
    assert code == 0
    for check in ("database", "schema", "journal mode", "foreign keys", "integrity", "database file", "data folder"):
        assert found[check]["state"] == "ok", found[check]
    printed = migrated("doctor")
    assert printed.returncode == 0
    assert "ok      schema: revision" in printed.stdout


def test_files_that_others_can_read_are_found(doorward: Doorward) -> None:
    """ST-04, ST-09."""
    assert doorward("migrate").returncode == 0
    doorward.data_dir.chmod(0o757)
    (doorward.data_dir / "doorward.db").chmod(0o644)
    (doorward.folder / ".env").write_text(f"DOORWARD_SECRET_KEY={SECRET}\n")
    (doorward.folder / ".env").chmod(0o644)
    code, found = examined(doorward)
    assert code == 1
    for check, fix in (("data folder", "chmod 700"), ("database file", "chmod 600"), ("settings file", "chmod 600")):
        assert found[check]["state"] == "wrong"
        assert fix in found[check]["fix"]


def test_a_master_secret_that_does_not_open_the_keys_is_found(doorward: Doorward) -> None:
    assert doorward("migrate").returncode == 0
    key = Ed25519PrivateKey.generate()
    added = doorward("keys", "add", "-", stdin=pem_of(key), DOORWARD_SECRET_KEY=SECRET)
    assert added.returncode == 0, added.stderr
    code, found = examined(doorward, DOORWARD_SECRET_KEY=SECRET)
    assert code == 0
    code, found = examined(doorward, DOORWARD_SECRET_KEY=OTHER_SECRET)
    assert (code, found["signing keys"]["state"]) == (1, "wrong")
    assert SECRET not in str(found)
    assert OTHER_SECRET not in str(found)


def test_it_is_told_when_the_previous_master_secret_is_of_no_use_any_more(doorward: Doorward) -> None:
    assert doorward("migrate").returncode == 0
    added = doorward("keys", "add", "-", stdin=pem_of(Ed25519PrivateKey.generate()), DOORWARD_SECRET_KEY=SECRET)
    assert added.returncode == 0, added.stderr
    for present, previous, state in ((OTHER_SECRET, SECRET, "advice"), (SECRET, OTHER_SECRET, "ok")):
        code, found = examined(doorward, DOORWARD_SECRET_KEY=present, DOORWARD_SECRET_KEY_PREVIOUS=previous)
        assert (code, found["signing keys"]["state"], found["previous master secret"]["state"]) == (0, "ok", state)
        assert not any(secret in str(found) for secret in (SECRET, OTHER_SECRET))


def test_a_database_that_is_none_is_found(doorward: Doorward) -> None:
    doorward.data_dir.mkdir(mode=0o700)
    (doorward.data_dir / "doorward.db").write_bytes(b"no database at all, " * 300)
    code, found = examined(doorward)
    assert (code, found["database"]["state"]) == (1, "wrong")


def test_a_damaged_database_is_found(doorward: Doorward) -> None:
    assert doorward("migrate").returncode == 0
    file = doorward.data_dir / "doorward.db"
    content = bytearray(file.read_bytes())
    for page in range(8, len(content) // 4096):
        content[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    file.write_bytes(content)
    code, _ = examined(doorward)
    assert code == 1


def test_a_database_server_that_is_away_is_found_soon(doorward: Doorward) -> None:
    url = "mysql://ada:hunter2hunter2@127.0.0.1:1/doorward"
    code, found = examined(doorward, DOORWARD_DATABASE_URL=url)
    assert (code, found["database"]["state"]) == (1, "wrong")
    assert "hunter2" not in str(found)


def test_questionable_settings_are_advised_upon(doorward: Doorward) -> None:
    """OP-05, CO-02."""
    assert doorward("migrate").returncode == 0
    _, found = examined(
        doorward,
        DOORWARD_HOST="0.0.0.0",
        DOORWARD_SECRET_KEY=SECRET,
        DOORWARD_BEHIND_TLS_PROXY="true",
        DOORWARD_CORS_ORIGINS="http://app.example.com",
        DOORWARD_DIALECT="tutorial",
        DOORWARD_PASSWORD_MIN_LENGTH="8",
        DOORWARD_WORKERS="64",
    )
    for check in ("public URL", "proxies", "CORS", "dialect", "passwords", "processes"):
        assert found[check]["state"] == "advice", found[check]
    assert found["host names"]["state"] == "wrong"


def test_it_says_where_letters_go(doorward: Doorward) -> None:
    assert doorward("migrate").returncode == 0
    public = {"DOORWARD_HOST": "0.0.0.0", "DOORWARD_SECRET_KEY": SECRET, "DOORWARD_BEHIND_TLS_PROXY": "true"}
    server = {"DOORWARD_SMTP_URL": "smtp://ada:hunter2@mail.example.com", "DOORWARD_MAIL_FROM": "noreply@example.com"}
    relay = {**server, "DOORWARD_SMTP_URL": "smtp://mail.example.com?starttls=off"}
    for environment, state, text in (
        ({}, "ok", f"files in {doorward.data_dir / 'letters'}"),
        (public, "advice", "there is no mail server"),
        (public | server, "ok", "smtp://ada:***@mail.example.com:587"),
        (public | relay, "advice", "smtp://mail.example.com:587"),
    ):
        _, found = examined(doorward, **environment)
        assert (found["letters"]["state"], text in found["letters"]["text"]) == (state, True), found["letters"]
        assert "hunter2" not in str(found)


def test_it_says_who_counts_for_the_limits(doorward: Doorward) -> None:
    """SU-17, OP-08."""
    assert doorward("migrate").returncode == 0
    public = {"DOORWARD_HOST": "0.0.0.0", "DOORWARD_SECRET_KEY": SECRET, "DOORWARD_BEHIND_TLS_PROXY": "true"}
    off = {f"DOORWARD_LIMIT_{name.upper()}": "off" for name in LimitName}
    unreachable = {"DOORWARD_REDIS_URL": f"redis://ada:hunter2@127.0.0.1:{free_port()}"}
    for environment, state, text in (
        (off, "ok", "no requests are limited"),
        (public | off, "advice", "no requests are limited"),
        (public, "ok", "each worker counts"),
        (public | {"DOORWARD_WORKERS": "2"}, "advice", "each worker counts"),
        (public | {"DOORWARD_WORKERS": "2"} | unreachable, "ok", "redis://ada:***@127.0.0.1"),
    ):
        _, found = examined(doorward, **environment)
        assert (found["limits"]["state"], text in found["limits"]["text"]) == (state, True), found["limits"]
        assert "hunter2" not in str(found)
    shared = found["shared limits"]
    assert (shared["state"], "cannot be used (ConnectionError)" in shared["text"]) == ("advice", True), shared


def test_letters_are_what_a_data_folder_that_the_service_does_not_need_may_hold(tmp_path: Path) -> None:
    given = {"DOORWARD_DATABASE_URL": "mysql://ada:hunter2@localhost/doorward", "DOORWARD_SECRET_KEY": SECRET}
    server = {"DOORWARD_SMTP_URL": "smtp://mail.example.com", "DOORWARD_MAIL_FROM": "noreply@example.com"}
    for environment, stored in ((given, "nothing but letters"), (given | server, "nothing")):
        found = {finding.check: finding for finding in diagnose_files(load_settings(environment), tmp_path / ".env")}
        assert (found["data folder"].state, found["data folder"].text) == ("ok", f"{stored} is stored in one")


def test_it_names_what_hashes_passwords(doorward: Doorward, without_pynacl: Doorward) -> None:
    for program, setting, state, text in (
        (doorward, "auto", "ok", "libsodium"),
        (doorward, "libsodium", "ok", "libsodium"),
        (doorward, "argon2-cffi", "ok", "argon2-cffi"),
        (without_pynacl, "auto", "advice", "argon2-cffi"),
        (without_pynacl, "libsodium", "wrong", "libsodium"),
    ):
        _, found = examined(program, DOORWARD_HASHER=setting)
        assert (found["hasher"]["state"], text in found["hasher"]["text"]) == (state, True), found["hasher"]


def test_a_lost_master_secret_is_mentioned(doorward: Doorward) -> None:
    assert doorward("migrate").returncode == 0
    _, found = examined(doorward)
    assert "missing" in found["master secret"]["text"]
    shutil.rmtree(doorward.data_dir)
    assert "missing" in examined(doorward)[1]["data folder"]["text"]


def test_a_mysql_server_is_examined_too(doorward: Doorward, mysql_url: str, mysql_server: MySQLServer) -> None:
    """ST-07: the service's own sessions are what is looked at."""
    assert doorward("migrate", DOORWARD_DATABASE_URL=mysql_url).returncode == 0
    code, found = examined(doorward, DOORWARD_DATABASE_URL=mysql_url)
    assert code == 0, [finding for finding in found.values() if finding["state"] == "wrong"]
    for check in ("schema", "session", "writable", "clock"):
        assert found[check]["state"] == "ok", found[check]
    database = mysql_url.partition("?")[0].rpartition("/")[2]
    mysql_server.sql(f"ALTER TABLE `{database}`.`roles` MODIFY description VARCHAR(200) CHARACTER SET latin1 NOT NULL")
    code, found = examined(doorward, DOORWARD_DATABASE_URL=mysql_url)
    assert (code, found["columns' charset"]["state"]) == (1, "wrong")
