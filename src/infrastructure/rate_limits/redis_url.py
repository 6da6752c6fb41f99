"""The URL of a Redis or Valkey: `redis[s]://user:password@host:port/database`."""

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from doorward.infrastructure.settings.web_addresses import parse_host

SCHEMES: Final = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
"""The scheme that the client library knows, by the one that is written. Both servers speak the same protocol."""

FORM: Final = "write redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss:// for TLS; encode @ : / ? # % in the password"


def client_url(raw: str) -> str:
    """Return the URL as the client library takes it. Raise ValueError, which does not contain the password."""
    try:
        parts = urlsplit(raw)
        parse_host(parts.hostname or "")
        _ = parts.port
    except ValueError:  # the message may contain the user and the password
        raise ValueError(FORM) from None
    if parts.scheme not in SCHEMES or parts.fragment or not (parts.path.strip("/") or "0").isdecimal():
        raise ValueError(FORM)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    scheme = SCHEMES[parts.scheme]
    if options and (set(options) != {"ssl_ca_certs"} or scheme != "rediss"):
        raise ValueError("the only option is ?ssl_ca_certs=FILE, for rediss://")
    return parts._replace(scheme=scheme).geturl()


def check_redis_url(raw: str) -> str:
    """Return the URL as it was written. Raise ValueError when it cannot be used."""
    from importlib.util import find_spec  # noqa: PLC0415 most starts have no such URL

    client_url(raw)
    if find_spec("redis") is None:
        raise ValueError("the package redis is not installed; install doorward[redis]")
    return raw


def masked_redis_url(raw: str) -> str:
    """Return the URL without its password."""
    parts = urlsplit(raw)
    place = parts.netloc.rpartition("@")[2]
    who = f"{parts.username or ''}:***@" if parts.password else ""
    return parts._replace(netloc=f"{who}{place}", query="").geturl()
