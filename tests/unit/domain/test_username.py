import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.domain.accounts.username import Username
from doorward.domain.errors import InvalidUsername


@pytest.mark.parametrize(
    "raw",
    [
        "Kadmin",
        "KADMIN",
        "\uff4b\uff41\uff44\uff4d\uff49\uff4e",
        "k\u00aadmin",
        "\u24d0dmin".replace("\u24d0", "ka"),
        "\u212aadmin",
    ],
)
def test_every_spelling_of_a_name_has_the_same_key(raw: str) -> None:
    """SU-09: case, fullwidth, ordinal indicator, Kelvin sign."""
    assert Username.parse(raw).key == "kadmin"


@pytest.mark.parametrize(
    "raw",
    [
        "ab",
        "a" * 33,
        "",
        " ada",
        "ada ",
        "ad a",
        "ada\n",
        "ada\0",
        "ad\u00ada",
        "ad\u200ba",
        "ad\u2060a",
        "\u202eada",
        "ada\u0378",
        "\u0430dmin",
        "ad\ud800a",
        "ada@example.org",
        "\u00e9ric",
        "--help",
        "-ada",
        ".ada",
        "a" + "\u0301" * 8000,
    ],
)
def test_names_outside_the_alphabet_are_refused(raw: str) -> None:
    """SU-10 and SU-11: blanks, control, zero-width, bidi, soft hyphen, unassigned, surrogate, other scripts."""
    with pytest.raises(InvalidUsername):
        Username.parse(raw)


def test_a_name_is_displayed_as_typed_and_compared_without_case() -> None:
    name = Username.parse("Ada.Lovelace")
    assert (name.value, name.key) == ("Ada.Lovelace", "ada.lovelace")


@pytest.mark.parametrize(
    "raw",
    [
        *("admin", "ROOT", "system", "api", "null", "Doorward", "admin.", "_root", "ad-min", "Sign_In"),
        *("adm1n", "4dmin", "adm\uff11n", "\u24d0dm1n", "r00t", "5upport", "Adrnin", "he1p"),
        *("doorward-support", "d00rward", "the.door-ward.team", "admin-support", "root_help"),
        *("sysadmin", "postmaster", "abuse", "webmaster", "support", "help", "security", "hostmaster", "no-reply"),
    ],
)
def test_names_that_could_be_mistaken_for_the_service_are_reserved(raw: str) -> None:
    """SU-11."""
    assert Username.parse(raw).reserved


@pytest.mark.parametrize("raw", ["ada", "admiral", "helper.ada", "user-ada", "tester42", "mia", "___"])
def test_names_that_only_contain_a_reserved_word_are_free(raw: str) -> None:
    assert not Username.parse(raw).reserved


@given(st.text(max_size=40))
def test_parsing_a_parsed_name_changes_nothing(raw: str) -> None:
    try:
        name = Username.parse(raw)
    except InvalidUsername:
        return
    assert Username.parse(name.value) == name
    assert Username.parse(name.key).key == name.key
