import pytest

from doorward.domain.accounts.alias import Alias
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.username import Username
from doorward.domain.errors import InvalidEmail, InvalidUsername


@pytest.mark.parametrize(
    "name", ["J\u00f6rg", "john smith", "\u0430dmin", "ab", ".dot", "x" * 33, "-x", "\u9759\u304b", "who?", "O'Brien"]
)
def test_a_name_outside_the_alphabet_is_an_alias(name: str) -> None:
    alias = Alias.parse(f" {name} ")
    assert alias is not None
    assert alias.value == name
    with pytest.raises(InvalidUsername):
        Username.parse(alias.key)
    with pytest.raises(InvalidEmail):
        Email.parse(alias.key)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "ada",
        "Stra\u00dfe",
        "\uff41\uff44\uff41",
        "ada@example.org",
        "ada\uff20example.org",
        "x" * 129,
        "a\u200bb c",
        "a\nb",
        "\ud800",
        "\ufdfa" * 100,
    ],
)
def test_what_a_username_or_an_address_could_be_or_nobody_can_type_is_none(name: str) -> None:
    """A key of this form would be, or become, the key of somebody else."""
    assert Alias.parse(name) is None
