"""What the edge gets of a request to a program that has mounted the service."""

from typing import Any

import pytest

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.mounted_path import MountedPath

METADATA = "/.well-known/oauth-authorization-server/auth"


async def passed_on(scope: dict[str, Any], mounted_at: str = "/auth", public_path: str = "/auth") -> dict[str, Any]:
    """The scope that the edge gets."""
    seen: list[Any] = []

    async def edge(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    config = HttpConfig(allowed_hosts=frozenset(), public_path=public_path, issuer_path=public_path)
    await MountedPath(edge, mounted_at, config)({"type": "http", "headers": [], **scope}, None, None)  # type: ignore[arg-type]
    (scope,) = seen
    return scope


STARLETTE = {"path": "/auth/api/x", "root_path": "/auth", "raw_path": b"/auth/api/x", "state": {"theirs": 1}}
LITESTAR = {"path": "/api/x/", "root_path": "", "raw_path": b"/auth/api/x", "litestar_app": object()}
DJANGO = {"path": "/auth/api/x", "root_path": "", "raw_path": b"/auth/api/x"}
WITHOUT_RAW_PATH = {"path": "/auth/api/x", "root_path": ""}


@pytest.mark.parametrize("scope", [STARLETTE, LITESTAR, DJANGO, WITHOUT_RAW_PATH])
async def test_all_frameworks_lead_to_one_form(scope: dict[str, Any]) -> None:
    before = dict(scope)
    assert await passed_on(scope) == {
        "type": "http",
        "headers": [],
        "path": "/auth/api/x",
        "raw_path": b"/auth/api/x",
        "root_path": "",
        "state": {},
    }
    assert scope == before


@pytest.mark.parametrize(
    ("raw", "mounted_at", "public_path", "expected"),
    [
        ("/auth/api/x", "/auth", "/team/auth", "/team/auth/api/x"),
        ("/auth", "/auth", "/team/auth", "/team/auth"),
        ("/auth", "/auth", "", "/"),
        ("/api/x", "", "/auth", "/auth/api/x"),
        (METADATA, "", "/auth", METADATA),
        (METADATA, "/auth", "/auth", METADATA),
        ("/authors/x", "/auth", "/team/auth", "/authors/x"),
        ("/%61uth/x", "/auth", "/team/auth", "/%61uth/x"),
    ],
)
async def test_the_path_of_the_mount_becomes_that_of_the_public_url(
    raw: str, mounted_at: str, public_path: str, expected: str
) -> None:
    scope = await passed_on({"path": raw, "raw_path": raw.encode()}, mounted_at, public_path)
    assert scope["raw_path"] == expected.encode()
