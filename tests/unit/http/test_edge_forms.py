from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from doorward.encoding.strict_json import parse_object
from doorward.interfaces.http.edge.forms import InvalidForm, form_to_json
from doorward.interfaces.http.errors.dialects import DIALECTS

TEXTS = st.text(alphabet=list('ab&=+%;"\\ é€\U0001f600\n'), max_size=5)
NAMES = TEXTS.filter(lambda name: bool(name) and name != "roles")


def standard(form: bytes) -> bytes:
    return form_to_json(form, DIALECTS["standard"].lists_in_forms)


@given(members=st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4), roles=st.lists(TEXTS, max_size=3))
def test_a_form_that_a_browser_encodes_arrives_unchanged(members: dict[str, str], roles: list[str]) -> None:
    form = urlencode([*members.items(), *(("roles", role) for role in roles)]).encode()
    document = standard(form)
    parse_object(document)
    assert json.decode(document) == members | ({"roles": roles} if roles else {})


def test_a_single_role_becomes_a_list() -> None:
    assert json.decode(standard(b"username=ada&roles=user")) == {"username": "ada", "roles": ["user"]}


def test_a_dialect_may_name_its_lists_otherwise() -> None:
    form = b"roles%5B%5D=user&username=ada&roles=admin&roles[]=moderator"
    lists = {"roles": "roles", "roles[]": "roles"}
    assert json.decode(form_to_json(form, lists)) == {"username": "ada", "roles": ["user", "admin", "moderator"]}


def test_utf_8_may_be_unencoded() -> None:
    assert json.decode(standard("username=zoë".encode())) == {"username": "zoë"}


@pytest.mark.parametrize(
    "form",
    [
        b"username=a&username=b",
        b"username=a&user%6eame=b",
        b"username=%zz",
        b"username=%4",
        b"username=a%",
        b"username=%ff",
        b"username=\xff",
        b"username=a%00b",
        b"user%00=a",
        b"username=%ed%a0%80",
        b"username",
        b"=a",
        b"username=a&",
        b"username=a&&password=b",
        b"&",
    ],
)
def test_a_form_that_two_parsers_could_read_differently_is_refused(form: bytes) -> None:
    """HT-14, SU-14, as for JSON."""
    with pytest.raises(InvalidForm):
        standard(form)
