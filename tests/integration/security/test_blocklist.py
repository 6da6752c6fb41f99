from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorward.domain.accounts.password import LONGEST, Password
from doorward.domain.accounts.username import fold
from doorward.infrastructure.security.blocklist import CommonPasswords, whole_passwords, words
from doorward.infrastructure.settings.start_refused import StartRefused

COMMON = CommonPasswords.load(None)


def blocked(text: str, common: CommonPasswords = COMMON) -> bool:
    return common.blocks(Password.typed(text))


def test_three_thousand_passwords_of_fifteen_characters_and_more_are_written_down() -> None:
    """SU-06."""
    assert len([entry for entry in whole_passwords() if len(entry) >= 15]) >= 3000
    assert all(fold(entry) == entry for entry in whole_passwords())


def test_every_password_that_is_written_down_is_blocked() -> None:
    """SU-06."""
    assert [entry for entry in whole_passwords() if not blocked(entry)] == []
    assert [entry for entry in whole_passwords() if not blocked(entry.upper())] == []


def test_where_the_policy_permits_eight_the_commonest_of_eight_to_fourteen_are_blocked() -> None:
    """SU-01, SU-06."""
    shorter = [word for word in words() if 8 <= len(word) <= 14]
    assert len(shorter) >= 3000
    assert [word for word in shorter if not blocked(word)] == []


@pytest.mark.parametrize(
    "text",
    [
        # a run
        "123456789012345",
        "1234567890123456",
        "12345678910111213",
        "000000000000000",
        "987654321987654321",
        "abcdefghijklmnopqrstuvwxyz",
        "aaaaaaaaaaaaaaab",
        "01234567899876543210",
        "fghijklmnopqrstuvw",
        "wvutsrqponmlkjihgf",
        # a word again and again
        "passwordpassword",
        "PasswordPassword",
        "iloveyouiloveyou",
        "adminadminadmin",
        "monkey monkey monkey",
        "loveloveloveloVE",
        "liverpoolliverpool",
        "blink182blink182",
        "drowssapdrowssap",
        "nogarD-yeknoM-2024",
        "password1password1passw",
        # a walk over the keyboard
        "qwertyuiopasdfgh",
        "1q2w3e4r5t6y7u8i9o0p",
        "1qaz2wsx3edc4rfv",
        "zaq12wsxcde34rfv",
        "qazwsxedcrfvtgb",
        "qwertzuiopasdfghjkl",
        "azertyuiopqsdfghjklm",
        "147258369147258369",
        "!@#$%^&*()!@#$%^&*()",
        "poiuytrewqlkjhgf",
        "йцукенгшщзхъфывап",
        # a word, and digits or signs before or behind it
        "password1234567",
        "Password123456!",
        "P@ssw0rd123456789",
        "P@$$w0rdP@$$w0rd",
        "1234567football",
        "iloveyou1234567",
        "christopher2019",
        "administrator123",
        "unitedstates2020",
        "Welcome2024Welcome2024",
        "!!!!!!!password!!!!!!!",
        "2024-password-2024",
        "qwerty-1234567890",
        # words that belong together
        "dragonmonkey12345",
        "manchesterunited",
        "michaeljackson1",
        "thisismypassword",
        "this is my password!",
        "may the force be with you",
        "To be, or not to be",
        "correct horse battery staple",
        "Correct-Horse-Battery-Staple",
        "purple monkey dishwasher",
    ],
)
def test_what_is_tried_first_is_blocked(text: str) -> None:
    """SU-06."""
    assert blocked(text)


@pytest.mark.parametrize(
    "text",
    [
        "violet harbour kettle orbit",
        "violet harbour kettle",
        "river stone window garden",
        "coffee purple guitar",
        "correct horse battery",
        "my dog eats green apples",
        "the cat sat on my keyboard",
        "plenty of quiet mornings",
        "a-long-enough-password",
        "another fine passphrase",
        "mountain bicycle thirteen",
        "lowercaseonlypassphrase",
        "493817205846173",
        "81549 20377 46190",
        "gB7#kQ2!pL9@xW4",
        "vK3v9Qm2rT8xW5zL",
        "%&/)=?.;:+#-<>|",
        "тихая гавань у моря",  # noqa: RUF001
        "静かな港の紫色の薬缶と静かな軌道",
        "\U0001f511\U0001f98a\U0001f30a\U0001f3b7\U0001f9ed" * 3 + "x\U0001f40c",
    ],
)
def test_whoever_chooses_for_themselves_is_not_bothered(text: str) -> None:
    """SU-02, SU-03: no rule about which characters there must be."""
    assert not blocked(text)


def test_the_operators_own_list_is_blocked_whatever_the_case_or_form(tmp_path: Path) -> None:
    """SU-06: the breached set, when one is configured."""
    path = tmp_path / "blocked.txt"
    path.write_bytes("\ufeffViolet Harbour Kettle\r\n\n  \ncafe\u0301 orbit sideboard\nlast line unended".encode())
    common = CommonPasswords.load(path)
    assert len(common.extra) == 3
    for text in ("violet harbour kettle", "VIOLET HARBOUR KETTLE", "caf\u00e9 orbit sideboard", "last line unended"):
        assert blocked(text, common)
        assert not blocked(text)
    assert not blocked("violet harbour kettle orbit", common)
    assert "violet" not in repr(common)


def test_a_list_that_cannot_be_read_is_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match=r"missing\.txt cannot be read"):
        CommonPasswords.load(tmp_path / "missing.txt")
    with pytest.raises(StartRefused, match="cannot be read"):
        CommonPasswords.load(tmp_path)
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(StartRefused, match="not UTF-8"):
        CommonPasswords.load(tmp_path / "latin.txt")


def test_nothing_is_read_before_it_is_needed() -> None:
    whole_passwords.cache_clear()
    words.cache_clear()
    CommonPasswords.load(None)
    assert (whole_passwords.cache_info().misses, words.cache_info().misses) == (0, 0)


ANY_CHARACTER = st.characters(exclude_categories=())


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=ANY_CHARACTER, max_size=LONGEST))
def test_no_text_raises_anything(text: str) -> None:
    assert blocked(text) in {True, False}


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(words())[::50]), st.integers(2, 12), st.text("0123456789!", max_size=1))
def test_a_common_word_again_and_again_is_blocked(word: str, times: int, tail: str) -> None:
    """SU-06."""
    assert blocked(word * times)
    assert blocked(word * 2 + tail)
    assert blocked(tail + word)


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=20, max_size=64))
def test_what_is_blocked_is_blocked_in_capitals_too(text: str) -> None:
    assert blocked(text) == blocked(text.upper())
