"""Who can reach the service."""

from urllib.parse import urlsplit

from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.web_addresses import is_loopback


def is_for_this_machine(settings: Settings) -> bool:
    """Return whether only clients on this machine use the service. A proxy may serve others while HOST is a loopback
    address; PUBLIC_URL then names another host."""
    return is_loopback(settings.host) and is_loopback(urlsplit(settings.public_url).hostname or "")
