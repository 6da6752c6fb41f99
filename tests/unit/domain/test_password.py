import pytest

from doorward.domain.accounts.password import Password, PasswordPolicy
from doorward.domain.errors import PasswordBlocked, PasswordTooLong, PasswordTooShort

POLICY = PasswordPolicy()


def check(raw: str, *known: str, policy: PasswordPolicy = POLICY) -> None:
    policy.check(Password.typed(raw), known)


@pytest.mark.parametrize(
    "raw",
    [
        "only lower case!",
        "831947205617384",
        "correct horse battery staple ",
        "\U0001f511\U0001f6aa\U0001f3e0\U0001f319\U0001f525" * 3,
        "".join(chr(code) for code in range(32, 127)) * 2,
        "x y z " * 21,
    ],
)
def test_a_long_password_needs_no_special_characters(raw: str) -> None:
    """SU-02, SU-03, SU-04: no composition rules; emoji, blanks and all of ASCII are accepted; code points are
    counted."""
    check(raw)


def test_fourteen_characters_are_too_few_and_fifteen_are_enough() -> None:
    """SU-01."""
    with pytest.raises(PasswordTooShort, match="at least 15 characters"):
        check("abcdefghijklmn")
    check("abcdefghijklmno")


def test_fourteen_emoji_are_too_few_though_they_are_56_bytes() -> None:
    """SU-04."""
    with pytest.raises(PasswordTooShort):
        check("\U0001f511\U0001f6aa\U0001f3e0\U0001f319\U0001f525\U0001f40e\U0001f50b" * 2)


@pytest.mark.parametrize("raw", ["ab c" * 64 + "d", "\U0001f511\U0001f6aa\U0001f3e0\U0001f319" * 64 + "x"])
def test_a_password_that_is_too_long_is_refused_and_not_cut(raw: str) -> None:
    """SU-05: 257 code points, 1,025 bytes."""
    with pytest.raises(PasswordTooLong):
        check(raw)


def test_256_code_points_and_1024_bytes_are_accepted() -> None:
    """SU-05."""
    check("\U0001f511\U0001f6aa\U0001f3e0\U0001f319" * 64)


@pytest.mark.parametrize(
    "raw",
    [
        "my name is lovelace",
        "LOVELACE1815-1852",
        "mail ada.king today",
        "the doorward service",
        "\uff2c\uff2f\uff36\uff25\uff2c\uff21\uff23\uff25 and more",
    ],
)
def test_a_password_must_not_contain_what_is_known_of_the_account(raw: str) -> None:
    """SU-07: username, local part of the email, name of the service."""
    with pytest.raises(PasswordBlocked):
        check(raw, "Lovelace", "ada.king@example.org")


def test_a_name_of_three_letters_may_be_part_of_the_password() -> None:
    check("a canada goose flew", "ada", "ada@example.org")


def test_composed_and_decomposed_forms_are_one_password() -> None:
    """SU-08."""
    assert Password.typed("caf\u00e9 au lait at noon") == Password.typed("cafe\u0301 au lait at noon")


def test_passwords_that_differ_after_a_nul_character_differ() -> None:
    """SU-05."""
    assert Password.typed("a\0b") != Password.typed("a\0c")


def test_the_repr_of_a_password_does_not_contain_it() -> None:
    """LG-03."""
    assert "hunter" not in repr(Password.typed("hunter hunter hunter"))


def test_a_password_of_three_different_characters_is_refused() -> None:
    with pytest.raises(PasswordBlocked):
        check("abcabcabcabcabcabc")


def test_the_minimum_length_can_be_configured_down_to_eight() -> None:
    check("kettle99", policy=PasswordPolicy(min_characters=8))


def test_a_lone_surrogate_raises_no_unexpected_error() -> None:
    """HT-14."""
    check("kettle \ud800 harbour violet")
    assert not Password.typed("\udfff").oversized


def test_one_character_that_normalises_to_many_counts_as_one() -> None:
    """SU-01, SU-04."""
    with pytest.raises(PasswordTooShort):
        check("\ufdfa")
    with pytest.raises(PasswordTooShort):
        check("\ufdfa" * 14)


def test_an_oversized_password_is_not_normalised() -> None:
    """SU-05, OP-03: the time of normalisation grows with the square of the length."""
    raw = "a" + "\u0301" * 8000
    assert Password.typed(raw).value == raw
    with pytest.raises(PasswordTooLong):
        check(raw)
