import os
import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorward.infrastructure.security.master_secret import MasterSecret, load_master_secret
from doorward.infrastructure.settings.start_refused import StartRefused

GOOD = "Jx7qv0nYzF3kT9wBd5LmRa2uHc8EsGpK1oXi4bVfQyN6"

LOAD = """
import sys
from pathlib import Path
from doorward.infrastructure.security.master_secret import load_master_secret
sys.stdin.readline()
print(load_master_secret(None, Path(sys.argv[1])).value.decode())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secret.key"


def held(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_first_start_makes_a_secret_that_only_its_owner_reads(path: Path) -> None:
    """ST-04."""
    made = load_master_secret(None, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made.value) == 64
    assert [path] == list(path.parent.iterdir())


def test_the_second_start_finds_the_secret_of_the_first(path: Path) -> None:
    assert load_master_secret(None, path) == load_master_secret(None, path)


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    assert load_master_secret(None, tmp_path / "a") != load_master_secret(None, tmp_path / "b")


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    load_master_secret(None, tmp_path / "var" / "secret.key")
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_a_given_secret_needs_no_file(path: Path) -> None:
    assert load_master_secret(GOOD, path).value == GOOD.encode()
    assert not path.exists()


def test_a_trailing_newline_is_no_part_of_the_secret(path: Path) -> None:
    assert load_master_secret(None, held(path, GOOD + "\n")) == load_master_secret(GOOD, path)


def test_processes_that_start_together_end_with_one_secret(path: Path) -> None:
    """ST-04: made atomically."""
    racers = [
        subprocess.Popen([sys.executable, "-c", LOAD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    with ThreadPoolExecutor(len(racers)) as pool:
        found = set(pool.map(lambda racer: racer.communicate("go\n", timeout=60)[0], racers))
    assert found == {path.read_text()}
    assert len(found.pop()) == 65


def test_threads_that_start_together_end_with_one_secret(path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: load_master_secret(None, path).value, range(64)))
    assert len(found) == 1
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "short",
        "x" * 31,
        GOOD[:31],
        " " * 64,
        "x" * 64,
        "0" * 64,
        "abcdefgh" * 8,
        "0123456789abcdef" * 4,
        "changemechangemechangemechangeme",
        "change-me-change-me-change-me-change-me",
        "please-change-this-secret-in-production!",
        "secretsecretsecretsecretsecretsecret",
        "your-256-bit-secret-your-256-bit-secret",
        "a-string-secret-at-least-256-bits-long",
        "bezkoder-secret-key-bezkoder-secret-key",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "CHANGEME_CHANGEME_CHANGEME_CHANGEME_",
        "this is a very secret value for local development only",
        "changeme-abcdefghij-changeme-changeme",
        "abcabcabcaabcbcabcabccbabcabcabcaabb",
        "<insert a long random string here, please>",
    ],
)
def test_a_short_or_well_known_secret_is_refused_and_not_repeated(text: str, path: Path) -> None:
    """ST-04, TK-19."""
    for value in (text, None):
        with pytest.raises(StartRefused) as refused:
            load_master_secret(value, held(path, text))
        message = str(refused.value)
        assert "\n" not in message
        assert "make one with" in message
        assert len(text.strip()) < 8 or text.strip() not in message


@pytest.mark.parametrize("length", [24, 32, 48, 64])
def test_random_secrets_of_every_usual_make_are_accepted(length: int, path: Path) -> None:
    for text in (secrets.token_urlsafe(length), secrets.token_hex(length)):
        assert load_master_secret(text, path).value == text.encode()


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o777])
def test_a_file_that_others_may_touch_is_refused(mode: int, path: Path) -> None:
    """ST-04: key files are of mode 0600."""
    with pytest.raises(StartRefused, match=r"chmod 600 .*secret\.key"):
        load_master_secret(None, held(path, GOOD, mode))


def test_a_symbolic_link_is_refused(path: Path, tmp_path: Path) -> None:
    """ST-04."""
    path.symlink_to(held(tmp_path / "elsewhere", GOOD))
    with pytest.raises(StartRefused, match="symbolic link"):
        load_master_secret(None, path)


def test_a_dangling_link_is_not_followed_to_make_a_file(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StartRefused, match="symbolic link"):
        load_master_secret(None, path)
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_no_plain_file_is_refused_at_once(path: Path) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(StartRefused, match="plain file"):
        load_master_secret(None, path)


def test_a_folder_where_nothing_can_be_made_is_named(path: Path) -> None:
    path.write_text("a file where a folder should be")
    with pytest.raises(StartRefused, match="Not a directory"):
        load_master_secret(None, path / "secret.key")


def test_derived_keys_differ_by_purpose_and_by_secret() -> None:
    first, second = MasterSecret(GOOD.encode()), MasterSecret(GOOD[::-1].encode())
    keys = {first.derive(b"a"), first.derive(b"b"), second.derive(b"a")}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}
    assert first.derive(b"a") == first.derive(b"a")
    assert len(first.derive(b"a", 64)) == 64


def test_the_secret_is_not_in_its_representation() -> None:
    """LG-03."""
    assert GOOD not in f"{MasterSecret(GOOD.encode())!r} {MasterSecret(GOOD.encode())}"


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=80))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    try:
        secret = load_master_secret(text, Path("/nowhere"))
    except StartRefused:
        return
    assert len(secret.value) >= 32


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir(mode=0o700)
    with pytest.raises(StartRefused, match="plain file"):
        load_master_secret(None, path)


def test_the_previous_secret_derives_keys_of_its_own_behind_the_present_one_s(path: Path) -> None:
    both = load_master_secret(GOOD, path, GOOD[::-1])
    present, previous = MasterSecret(GOOD.encode()), MasterSecret(GOOD[::-1].encode())
    assert both.derive(b"a") == present.derive(b"a")
    assert both.derive_all(b"a") == (present.derive(b"a"), previous.derive(b"a"))
    assert present.derive_all(b"a", 64) == (present.derive(b"a", 64),)


@pytest.mark.parametrize(
    ("present", "previous", "told"),
    [
        (GOOD, GOOD, "the same secret"),
        (GOOD, f"{GOOD}\n", "the same secret"),
        (None, GOOD, "DOORWARD_SECRET_KEY is not"),
        (GOOD, "short", "DOORWARD_SECRET_KEY_PREVIOUS holds 5 characters"),
    ],
)
def test_a_previous_secret_that_makes_no_sense_is_refused(
    path: Path, present: str | None, previous: str, told: str
) -> None:
    """ST-04."""
    with pytest.raises(StartRefused, match=told) as refused:
        load_master_secret(present, path, previous)
    assert GOOD not in str(refused.value)
    assert not path.exists()


def test_the_previous_secret_is_not_in_the_representation(path: Path) -> None:
    """LG-03."""
    assert GOOD[::-1] not in repr(load_master_secret(GOOD, path, GOOD[::-1]))
