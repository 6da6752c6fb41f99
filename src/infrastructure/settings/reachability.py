"""Who can reach the service."""

from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.web_addresses import is_loopback


def is_for_this_machine(settings: Settings) -> bool:
    """Return whether only clients on this machine use the service. A proxy may serve others while HOST is a loopback
    address; PUBLIC_URL or ALLOWED_HOSTS then names another host."""
    return is_loopback(settings.host) and all(is_loopback(name.strip("[]")) for name in settings.allowed_hosts)
