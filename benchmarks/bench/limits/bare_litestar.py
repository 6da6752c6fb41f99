"""Serves one Litestar handler without guard, log and metrics, by Doorward's own server, on the port DOORWARD_PORT."""

import os
import sys

from litestar import Litestar, get

from doorward.infrastructure.settings.loading import ENV_FILE, load_settings
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.cli.server import serve_until_stopped


@get("/api/test/admin", media_type="text/plain")
async def admins() -> str:
    return "Admin Content."


def build(_: Settings, __: object) -> Litestar:
    return Litestar([admins], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    sys.exit(serve_until_stopped(load_settings(os.environ, ENV_FILE), build))
