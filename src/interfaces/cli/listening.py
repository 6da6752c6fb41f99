"""The address to listen on, before anything is built upon it."""

import errno
import resource
import socket

from doorward.infrastructure.settings.start_refused import StartRefused

MOST_DESCRIPTORS = 65_536
BACKLOG = 8_192
MOST_CONNECTIONS = 4_096
"""Each may hold one answer that its client does not read."""

UNREAD_MILLISECONDS = 8_000
"""After so long the kernel closes a connection whose client reads nothing of what was sent."""

RESERVED_DESCRIPTORS = 128
"""For the database, logs and files, whatever strangers open."""


def refuse_taken(host: str, port: int) -> None:
    """Raise StartRefused when nobody could listen there. The server itself would share the port with whoever has it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            raise StartRefused(reason(error, host, port)) from error


def reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use; stop what listens there, or set DOORWARD_PORT."
    if error.errno == errno.EACCES:
        return f"Port {port} is for the system's administrator; set DOORWARD_PORT to 1024 or more."
    return f"DOORWARD_HOST: this machine cannot listen on {host} ({error.strerror})."


def connections_allowed() -> int:
    """Raise the limit on open files as far as it goes, and leave some: at the limit new connections wait their turn
    instead of failing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(64, min(wanted if soft == resource.RLIM_INFINITY else soft, MOST_DESCRIPTORS) - RESERVED_DESCRIPTORS)


def cut_off_who_does_not_read(listener: socket.socket) -> None:
    """For every connection that will be accepted there: the server hands an answer over and does not hear whether the
    client takes it, so that only the kernel can tell. On Linux; elsewhere the proxy's time limits must do."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MILLISECONDS)
