"""Letters about sign-ins from new devices."""

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import App, ServeApp
from support.http.letters import letters_to, text_of
from support.http.service import somebody

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""The contract tests of what is remembered run on every database."""

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(server: App, user_agent: str, cookie: str = "") -> httpx2.Response:
    headers = {"User-Agent": user_agent, "Accept-Language": "es", "Origin": server.origin, "Cookie": cookie}
    body = {"username": "ada", "password": PASSWORD, "cookies": True}
    answer = server.request("POST", "/api/auth/signin", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def with_ada(server: App) -> App:
    assert server.request("POST", "/api/auth/signup", json=somebody("ada")).status_code == 201
    return server


def told(server: App) -> list[str]:
    """The subjects of the letters to ada."""
    return [str(letter["Subject"]) for letter in letters_to(server, "ada@example.org")]


def test_the_owner_is_told_of_a_sign_in_with_another_program(serve: ServeApp) -> None:
    server = with_ada(serve())
    sign_in(server, FIREFOX)
    sign_in(server, FIREFOX.replace("140", "141"))
    assert told(server) == []
    sign_in(server, "<b>curl</b>/8.5.0")
    sign_in(server, "<b>curl</b>/8.5.0")
    assert told(server) == ["Nuevo inicio de sesión en su cuenta en 127.0.0.1"]
    (letter,) = letters_to(server, "ada@example.org")
    assert "Programa: <b>curl<" in text_of(letter)
    assert "Dirección: 127.0.0.1" in text_of(letter)
    assert "Programa: &lt;b&gt;curl&lt;" in text_of(letter, "html")


def test_a_browser_that_has_our_cookie_is_no_new_device(serve: ServeApp) -> None:
    server = with_ada(serve())
    cookie = f"doorward-device={sign_in(server, FIREFOX).cookies['doorward-device']}"
    sign_in(server, "curl/8.5.0", cookie)
    assert told(server) == []
    sign_in(server, "wget/1.24", f"{cookie[:-4]}AAAA")
    assert told(server) == ["Nuevo inicio de sesión en su cuenta en 127.0.0.1"]


def test_a_setting_turns_the_letters_off(serve: ServeApp) -> None:
    server = with_ada(serve(new_device_letters="false"))
    sign_in(server, FIREFOX)
    sign_in(server, "curl/8.5.0")
    assert told(server) == []
