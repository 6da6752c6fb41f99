"""Serves Litestar handlers without guard, log and metrics, by Doorward's own server, on the port DOORWARD_PORT."""

import os
import sys

from litestar import Litestar, get, post

from doorward.infrastructure.settings.loading import ENV_FILE, load_settings
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.cli.server import serve_until_stopped


@get("/api/test/admin", media_type="text/plain")
async def admins() -> str:
    return "Admin Content."


@get("/api/account")
async def account() -> dict[str, str]:
    return {"username": "ada", "email": "ada@example.org"}


@post("/api/auth/introspect", status_code=200)
async def introspect() -> dict[str, bool]:
    return {"active": True}


def build(_: Settings, __: object) -> Litestar:
    return Litestar([admins, account, introspect], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    sys.exit(serve_until_stopped(load_settings(os.environ, ENV_FILE), build))
