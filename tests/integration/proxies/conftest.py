"""Doorward behind real proxies that run the files of deploy/. A proxy that is not installed is left out, and the last
lines of the report say so; without nginx, a run with CI=true fails."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from itertools import count

import pytest

from support.http.behind_proxy import Site
from support.http.service import Unique
from support.http.tls_proxy import certificate
from support.length import FULL
from support.programs.processes import eventually, free_port
from support.programs.proxies import (
    CADDY,
    HAPROXY,
    HOST,
    NGINX,
    NGINX_KEPT,
    NGINX_STRIPPED,
    PATH_HOST,
    TRAEFIK,
    Place,
    Proxy,
    proxying,
)
from support.programs.server_process import Server, running

NAMES = count()
PATH_URL = f"https://{PATH_HOST}/auth"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    wanted = (NGINX, CADDY, TRAEFIK, HAPROXY) if FULL else (NGINX,)
    missing = [proxy.program for proxy in wanted if proxy.find() is None]
    if missing:
        terminalreporter.write_line(f"Proxy tests: NOT RUN with {', '.join(missing)}, which is not installed.")


StartServer = Callable[[str, str], Server]
StartSite = Callable[[Proxy, str, str], Site]


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Return the server with that public URL and DOORWARD_PROXY_PATH, which all tests share."""
    with ExitStack() as stack:

        @cache
        def start(public_url: str, proxy_path: str) -> Server:
            settings = {"public_url": public_url, "proxy_path": proxy_path, "trusted_proxies": "127.0.0.1"}
            return stack.enter_context(running(tmp_path_factory.mktemp("behind"), **settings))

        yield start


@pytest.fixture(scope="session")
def start_site(tmp_path_factory: pytest.TempPathFactory, start_server: StartServer) -> Iterator[StartSite]:
    """Return the server behind that proxy."""
    file = certificate(tmp_path_factory.mktemp("certified"), HOST, PATH_HOST)
    with ExitStack() as stack:

        @cache
        def start(proxy: Proxy, public_url: str, proxy_path: str) -> Site:
            program = installed(proxy)
            server = start_server(public_url, proxy_path)
            place = Place(tmp_path_factory.mktemp(proxy.program), free_port(), server.port, file)
            stack.enter_context(proxying(proxy, program, place))
            site = Site(server, place, public_url)
            eventually(lambda: site.answers)
            return site

        yield start


def installed(proxy: Proxy) -> str:
    found = proxy.find()
    if found is None:
        must = proxy.program == "nginx" and os.environ.get("CI") == "true"
        (pytest.fail if must else pytest.skip)(f"{proxy.program} is not installed")
    return found


@pytest.fixture(
    params=[NGINX, *(pytest.param(proxy, marks=pytest.mark.full) for proxy in (CADDY, TRAEFIK, HAPROXY))],
    ids=lambda proxy: proxy.program,
)
def site(request: pytest.FixtureRequest, start_site: StartSite) -> Site:
    """A host of its own, behind each proxy."""
    return start_site(request.param, f"https://{HOST}", "either")


@pytest.fixture(params=[(NGINX_KEPT, "kept"), (NGINX_STRIPPED, "stripped")], ids=lambda param: param[1])
def path_site(request: pytest.FixtureRequest, start_site: StartSite) -> Site:
    """A path of a host with other programs, behind nginx."""
    proxy, proxy_path = request.param
    return start_site(proxy, PATH_URL, proxy_path)


@pytest.fixture
def unique() -> Unique:
    """A name that no other test uses."""
    return lambda stem: f"{stem}{next(NAMES)}"
