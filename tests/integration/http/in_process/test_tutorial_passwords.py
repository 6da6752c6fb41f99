"""The rules for new passwords in the dialect `tutorial`, as its walk-through and the forms of its clients meet them."""

import httpx2
import pytest

from support.http.in_process import ServeApp
from support.http.service import outcome, somebody

JOHN = {"username": "john_doe", "email": "john@example.com", "password": "securePassword123"}


def test_the_walk_through_of_the_tutorial_works_as_it_is(serve: ServeApp) -> None:
    service = serve(dialect="tutorial")
    with service.client() as client:
        assert client.post("/api/auth/signup", json=JOHN).status_code == 201
        signed_in = client.post("/api/auth/signin", json={"username": "john_doe", "password": "securePassword123"})
    service.secrets.add(JOHN["password"])
    service.hide(signed_in)
    assert (signed_in.status_code, signed_in.json()["roles"]) == (200, ["ROLE_USER"])


def test_the_sign_up_forms_of_its_clients_are_accepted_from_eight_characters_on(serve: ServeApp) -> None:
    """SU-01, SU-06: the forms take 6 to 40 characters, and show the `message` of a refusal."""
    service = serve(dialect="tutorial")

    def answer(name: str, password: str) -> httpx2.Response:
        with service.client() as client:
            return client.post("/api/auth/signup", json=somebody(name, password=password))

    for number, accepted in enumerate(("gardenia", "kitchen-1", "a sentence of exactly forty characters..")):
        assert answer(f"grower{number}", accepted).status_code == 201, accepted
    for refused, code in (
        ("sixsix", "password_too_short"),
        ("sevense", "password_too_short"),
        ("12345678", "password_blocked"),
        ("Welcome123", "password_blocked"),
        ("ada-lovelace", "password_blocked"),
    ):
        given = answer("lovelace", refused)
        assert (outcome(given), bool(given.json()["message"])) == ((400, code), True)


@pytest.mark.parametrize("password", ["securePassword123", "gardenia"])
def test_the_standard_dialect_refuses_both(serve: ServeApp, password: str) -> None:
    with serve().client() as client:
        assert client.post("/api/auth/signup", json={**JOHN, "password": password}).status_code == 400
