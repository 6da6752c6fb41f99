from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

EXAMPLE: Final = "write it as in https://auth.example.com"


def check_address(url: str, *, allow_http: bool) -> None:
    """Raise ValueError with what to write instead, unless this is the address of a service without a slash at its
    end."""
    if "@" in url:
        raise ValueError(f"The address has an @, and perhaps a password in front of it; {EXAMPLE}.")
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError(f"{url!r} is not an address; {EXAMPLE}.")
    if "?" in url or "#" in url or url.endswith("/"):
        raise ValueError(f"{url!r} has more than scheme, host, port and path, or ends with a slash; {EXAMPLE}.")
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        raise ValueError(
            f"Keys from {url!r} could be replaced on their way, because http is not encrypted. Write an https address, "
            "or allow_http=True if nobody else is on that network."
        )


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
