"""Real proxies in front of a server, with the files of deploy/. Only addresses and paths in the files are replaced."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

from support.programs.processes import PATIENCE, connects, eventually

DEPLOY = Path(__file__).parents[3] / "deploy"
HOST = "auth.example.com"
PATH_HOST = "example.com"
CERTIFICATE, KEY = "/etc/ssl/doorward/certificate.pem", "/etc/ssl/doorward/key.pem"
NGINX_MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/errors.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {content}
}}
"""
NGINX_PATH = """
    upstream doorward {{
        server 127.0.0.1:{server};
        keepalive 32;
        keepalive_timeout 4s;
    }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {certificate};
        access_log off;
        location / {{
            return 200 "another program";
        }}
        location /auth/api/admin/ {{
            return 403 "a rule of the proxy";
        }}
        include {folder}/{file};
    }}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proxy listens and sends requests to, on loopback, and the folder of its files."""

    folder: Path
    port: int
    server: int
    """The port of the server."""
    certificate: Path
    """Certificate and key."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A program that is a proxy, and how it is started."""

    program: str
    prepare: Callable[[Place], Sequence[str]]
    """Write the files, and return the arguments."""

    def find(self) -> str | None:
        """Return the program that the variable of its name names, such as CADDY, or one that is installed."""
        named = os.environ.get(self.program.upper())
        return shutil.which(named or self.program, path=None if named else f"{os.environ['PATH']}:/usr/sbin")


def adapted(file: str, changes: Mapping[str, str]) -> str:
    """Return the text of a file in deploy/ with these changes, each of which must apply."""
    text = (DEPLOY / file).read_text("utf-8")
    for old, new in changes.items():
        assert old in text, f"{file} does not contain {old}"
        text = text.replace(old, new)
    return text


def nginx_arguments(place: Place, content: str) -> Sequence[str]:
    shutil.copy(DEPLOY / "nginx" / "doorward-proxy.conf", place.folder)
    main = place.folder / "nginx.conf"
    main.write_text(NGINX_MAIN.format(folder=place.folder, content=content), "utf-8")
    return ["-p", str(place.folder), "-c", str(main), "-e", str(place.folder / "errors.log")]


def nginx(place: Place) -> Sequence[str]:
    content = adapted(
        "nginx/doorward.conf",
        {
            "listen 443 ssl": f"listen 127.0.0.1:{place.port} ssl",
            "server 127.0.0.1:8080": f"server 127.0.0.1:{place.server}",
            CERTIFICATE: str(place.certificate),
            KEY: str(place.certificate),
            "/var/log/nginx": str(place.folder),
            "/etc/nginx": str(place.folder),
        },
    )
    return nginx_arguments(place, content)


def nginx_path(file: str) -> Callable[[Place], Sequence[str]]:
    """Return how nginx is started with that file in the server block of a host with other programs."""

    def prepare(place: Place) -> Sequence[str]:
        content = adapted(f"nginx/{file}", {"/etc/nginx": str(place.folder)})
        (place.folder / file).write_text(content, "utf-8")
        names = {"folder": place.folder, "file": file, "certificate": place.certificate}
        return nginx_arguments(place, NGINX_PATH.format(server=place.server, port=place.port, **names))

    return prepare


def caddy(place: Place) -> Sequence[str]:
    own = f"{{\n\tadmin off\n\tauto_https disable_redirects\n\thttps_port {place.port}\n\tdefault_bind 127.0.0.1\n"
    text = adapted(
        "caddy/Caddyfile",
        {
            "{\n\tservers {": f"{own}\tservers {{",
            "127.0.0.1:8080": f"127.0.0.1:{place.server}",
            CERTIFICATE: str(place.certificate),
            KEY: str(place.certificate),
        },
    )
    file = place.folder / "Caddyfile"
    file.write_text(text, "utf-8")
    return ["run", "--config", str(file), "--adapter", "caddyfile"]


def traefik(place: Place) -> Sequence[str]:
    static = adapted("traefik/traefik.yaml", {'":443"': f'"127.0.0.1:{place.port}"', "/etc/traefik": str(place.folder)})
    dynamic = adapted(
        "traefik/doorward.yaml",
        {
            "127.0.0.1:8080": f"127.0.0.1:{place.server}",
            CERTIFICATE: str(place.certificate),
            KEY: str(place.certificate),
        },
    )
    (place.folder / "traefik.yaml").write_text(static, "utf-8")
    (place.folder / "doorward.yaml").write_text(dynamic, "utf-8")
    return [f"--configFile={place.folder / 'traefik.yaml'}"]


def haproxy(place: Place) -> Sequence[str]:
    return haproxy_arguments(place, [place.server])


def haproxy_arguments(place: Place, nodes: Sequence[int]) -> Sequence[str]:
    """Write the file for the nodes that listen on these ports, one or two, and return the arguments."""
    text = adapted(
        "haproxy/doorward.cfg",
        {
            "bind :443 ssl": f"bind 127.0.0.1:{place.port} ssl",
            "127.0.0.1:8080": f"127.0.0.1:{nodes[0]}",
            "127.0.0.1:8081": f"127.0.0.1:{nodes[-1]}",
            CERTIFICATE: str(place.certificate),
            "/run/haproxy": str(place.folder),
        },
    )
    file = place.folder / "haproxy.cfg"
    file.write_text(text, "utf-8")
    return ["-db", "-f", str(file)]


NGINX = Proxy("nginx", nginx)
CADDY = Proxy("caddy", caddy)
TRAEFIK = Proxy("traefik", traefik)
HAPROXY = Proxy("haproxy", haproxy)
NGINX_KEPT = Proxy("nginx", nginx_path("doorward-path.conf"))
NGINX_STRIPPED = Proxy("nginx", nginx_path("doorward-path-stripped.conf"))


@contextmanager
def proxying(proxy: Proxy, program: str, place: Place) -> Iterator[None]:
    """Run the proxy until the block ends."""
    environment = {**os.environ, "HOME": str(place.folder), "XDG_DATA_HOME": str(place.folder)}
    arguments = proxy.prepare(place)
    with (place.folder / "output").open("wb") as output:
        process = Popen(
            [program, *arguments], stdin=DEVNULL, stdout=output, stderr=STDOUT, cwd=place.folder, env=environment
        )

    def listens() -> bool:
        assert process.poll() is None, (place.folder / "output").read_text("utf-8")
        return connects(place.port)

    try:
        eventually(listens)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)
