import pytest

from doorward.infrastructure.adapters.address import Address
from doorward.infrastructure.adapters.storage_address import StorageAddress

SECRETS = ("hunter2hunter2", "t0ken-of-the-t0y")
URL = "Toy+Wood://ada:hunter2hunter2@shelf/toys?colour=red&token=t0ken-of-the-t0y"


def test_an_address_shows_its_scheme_and_nothing_else() -> None:
    """LG-03."""
    url = Address.parse(f" {URL} ")
    assert (url.scheme, url.name, url.text) == ("toy+wood", "toy", URL)
    assert url.rest == URL.partition("://")[2]
    for shown in (str(url), f"{url}", repr(url), repr(StorageAddress(url=url))):
        assert "toy+wood" in shown
        assert not any(part in shown for part in (*SECRETS, "ada", "shelf"))


@pytest.mark.parametrize("raw", ["", "hunter2", "toy:hunter2", "ada:hunter2@shelf", "1toy://hunter2", "t y://hunter2"])
def test_what_has_no_scheme_is_refused_without_being_repeated(raw: str) -> None:
    with pytest.raises(ValueError, match="begins with a scheme") as refused:
        Address.parse(raw)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "text", "hidden"),
    [
        (URL, f"cannot read {URL}", "cannot read ***"),
        (URL, "'hunter2hunter2' is no port", "'***' is no port"),
        (URL, "colour red, token t0ken-of-the-t0y", "colour red, token ***"),
        ("toy://ada:p%40ssword@shelf", "neither p%40ssword nor p@ssword", "neither *** nor ***"),
        ("toy://ada:abc@shelf", "abcdefg", "abcdefg"),
        ("toy://ada:hunter2@shelf/toys?mail=ada@shelf", "no hunter2", "no ***"),
        ("toy://ada:hun/ter2@shelf", "no hun/ter2", "no ***"),
        ("toy://key-0123456789@shelf", "key-0123456789 is no user", "*** is no user"),
        ("toy://shelf/toys#password=hunter2", "hunter2", "***"),
        ("toy://shelf?sslpassword=hun+ter2", "hun+ter2 or hun ter2", "*** or ***"),
        ("toy://shelf?pass=hunter2@1=2", "hunter2@1=2", "***"),
        ("toy://shelf?api-key=hunter2&auth=hunter3", "hunter2 and hunter3", "*** and ***"),
        ("toy://shelf?pass%77ord=hunter2", "hunter2", "***"),
        ("toy://shelf/toys", "no toys on shelf/toys", "no toys on shelf/toys"),
    ],
)
def test_secrets_of_an_address_are_hidden_in_what_others_say_of_it(url: str, text: str, hidden: str) -> None:
    assert Address.parse(url).hidden_in(text) == hidden
