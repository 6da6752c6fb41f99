"""What docs/verifying-tokens.md shows for Python, as it stands there, with a service in this process."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from litestar import Litestar, asgi
from litestar.testing import TestClient

from support.issuer import URL, Issuer
from support.programs.verifiers import BY_GUARD, FOR_ASGI, FOR_LITESTAR, with_address

ModuleOf = Callable[[str], Any]


@pytest.fixture
def module_of(issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleOf:
    """A block of the document, as a module of its own."""

    def made(block: str) -> Any:
        (tmp_path / "shop.py").write_text(with_address(block, URL))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr("doorward.guard.Guard", lambda _, audience: issuer.guard(audience=audience))
        monkeypatch.delitem(sys.modules, "shop", raising=False)
        return importlib.import_module("shop")

    return made


def test_the_function_for_any_framework_does_what_it_shows(issuer: Issuer, module_of: ModuleOf) -> None:
    module = module_of(BY_GUARD)

    def visit(token: str | None) -> tuple[int, Any, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        status, got, text = module.articles(SimpleNamespace(headers=headers))
        return status, got, text

    assert visit(issuer.token) == (200, {}, f"Hello, {issuer.material.claims['sub']}.")
    assert visit(None)[:2] == (401, {"WWW-Authenticate": "Bearer"})
    assert visit(issuer.material.claiming(roles=["user"]))[0] == 403
    issuer.clock.move(300)
    assert visit(issuer.token)[:2] == (503, {"Retry-After": "1"})


def test_the_application_for_litestar_does_what_it_shows(issuer: Issuer, module_of: ModuleOf) -> None:
    bearer = {"Authorization": f"Bearer {issuer.token}"}
    plain = {"Authorization": f"Bearer {issuer.material.claiming(roles=['user'])}"}
    with TestClient(module_of(FOR_LITESTAR).app) as client:
        assert client.get("/hello", headers=plain).text == f"Hello, {issuer.material.claims['sub']}."
        assert client.get("/articles", headers=bearer).json() == ["for moderators"]
        assert client.get("/articles", headers=plain).status_code == 403
        assert client.get("/articles").status_code == 401


def test_the_application_for_asgi_does_what_it_shows(issuer: Issuer, module_of: ModuleOf) -> None:
    app = module_of(FOR_ASGI).app

    @asgi("/", is_mount=True, copy_scope=True)
    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    with TestClient(Litestar([mounted], openapi_config=None)) as client:
        answer = client.get("/", headers={"Authorization": f"Bearer {issuer.token}"})
        assert answer.text == f"Hello, {issuer.material.claims['sub']}."
        refused = client.get("/")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
