import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.domain.accounts.alias import Alias
from doorward.domain.accounts.email import Email, login_key
from doorward.domain.accounts.username import Username
from doorward.domain.errors import InvalidEmail, InvalidUsername


@pytest.mark.parametrize(
    ("raw", "value", "key"),
    [
        ("Ada@Example.ORG", "Ada@example.org", "ada@example.org"),
        ("ada@example.org.", "ada@example.org", "ada@example.org"),
        ("o'neil+news@mail.example.co.uk", "o'neil+news@mail.example.co.uk", "o'neil+news@mail.example.co.uk"),
        (" \tAda@Example.org\u00a0\u3000", "Ada@example.org", "ada@example.org"),
        ("ada@XN--Bcher-kva.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_form_and_one_key(raw: str, value: str, key: str) -> None:
    assert Email.parse(raw) == Email(value, key)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "ada@@example.org",
        "ada@b@example.org",
        "ada@example.org\r\nBcc: all@example.org",
        "ada@exam\nple.org",
        "ada@example.org\n",
        "ada,eve@example.org",
        "<ada@example.org>",
        "Ada <ada@example.org>",
        "ad a@example.org",
        ".ada@example.org",
        "ada.@example.org",
        "a..da@example.org",
        "ada@-example.org",
        "ada@example..org",
        "\u00e4da@example.org",
        "a" * 65 + "@example.org",
        "ada@" + "a" * 64 + ".org",
        "ada@" + "a." * 130 + "org",
        "ada\0@example.org",
        "ada@ex\ud800ample.org",
        "ada@stra\u00dfe.example",
        "ada@b\u00fccher.example",
        "ada@ex\u00adample.org",
        "a@" + "".join(chr(0x4E00 + n * 7 % 20000) for n in range(5300)),
    ],
)
def test_text_that_is_no_plain_address_is_refused(raw: str) -> None:
    """SU-16: line breaks, commas, angle brackets, a second @, more than 254 bytes."""
    with pytest.raises(InvalidEmail):
        Email.parse(raw)


@pytest.mark.parametrize(
    ("raw", "instead"),
    [
        ("ada", "such as ada@example.org"),
        ("ada@localhost", "such as ada@example.org"),
        ("ada@eve@example.org", "such as ada@example.org"),
        ("ada@b\u00fccher.example", "xn--bcher-kva.example"),
        ("ada@\u4f8b\u3048.jp", "xn--bcher-kva.example"),
        ("\u00e4da@example.org", "letters a to z"),
        ("Ada <ada@example.org", "letters a to z"),
        ("a" * 65 + "@example.org", "at most 64 before the @"),
        ("a@" + "b" * 300, "at most 254 characters"),
    ],
)
def test_a_refusal_says_what_to_write_instead(raw: str, instead: str) -> None:
    with pytest.raises(InvalidEmail, match=instead):
        Email.parse(raw)


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(raw: str) -> None:
    try:
        email = Email.parse(raw)
    except InvalidEmail:
        return
    assert len(email.value) <= 254
    assert Email.parse(email.value) == email


@given(st.text(max_size=300))
def test_any_text_has_a_login_key(raw: str) -> None:
    assert isinstance(login_key(raw), str)


@pytest.mark.parametrize("raw", ["ada\0", "\0ada@example.org", "ada\ud800", "x" * 300 + "\0", "x" * 250 + "\0" * 9])
def test_a_login_key_is_text_that_every_database_takes_and_is_nobodys_key(raw: str) -> None:
    key = login_key(raw)
    assert "\0" not in key
    assert key.encode()
    assert Alias.parse(key) is None
    with pytest.raises(InvalidUsername):
        Username.parse(key)


def test_a_login_key_ignores_the_case_and_form_of_a_name_or_address() -> None:
    assert login_key("  ADA ") == "ada"
    assert login_key("ADA@Example.org.") == "ada@example.org"


def test_a_login_key_is_not_folded_when_the_text_is_longer_than_any_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """OP-03: the time of folding grows with the square of the length."""
    seen: list[int] = []

    def measured(text: str) -> str:
        seen.append(len(text))
        return text

    monkeypatch.setattr("doorward.domain.accounts.email.fold", measured)
    for text in ("x" * 254, "x" * 10_000, "a@" + "x" * 10_000, "a" + "\u0301" * 8_000):
        assert len(login_key(text)) <= 256
    assert max(seen) <= 255
