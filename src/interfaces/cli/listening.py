"""The address that the service listens on, and the number of its connections."""

import errno
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from doorward.infrastructure.settings.start_refused import StartRefused

MAX_FILE_DESCRIPTORS = 65_536
RESERVED_FILE_DESCRIPTORS = 128
"""File descriptors for the database, the log and other files. Connections of clients cannot use them up."""

BACKLOG_CONNECTIONS = 8_192
MIN_CONNECTIONS = 64
MAX_CONNECTIONS = 4_096
"""The limit of one worker. Each connection may hold in memory 160 KiB that its client does not read."""


@contextmanager
def reserved_address(host: str, port: int) -> Iterator[None]:
    """Keep other services from listening on that address. Raise StartRefused if this service cannot listen on it.

    Granian listens with SO_REUSEPORT, so two services could share a port without an error. On Linux, a socket that is
    bound and never listens keeps the port for sockets of this user that ask for SO_REUSEPORT.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as address:
        address.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # connections of an earlier service may still be closing
        try:
            address.bind((host, port))
            if sys.platform != "linux":
                address.listen()
                address.close()
        except OSError as error:
            raise StartRefused(bind_error_text(error, host, port)) from error
        if sys.platform == "linux":
            address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        yield


def bind_error_text(error: OSError, host: str, port: int) -> str:
    """Return why the service cannot listen on that address, and what would help."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use; stop what listens there, or set DOORWARD_PORT."
    if error.errno == errno.EACCES:
        return f"Only the administrator may use port {port}; set DOORWARD_PORT to 1024 or more."
    return f"DOORWARD_HOST: this machine cannot listen on {host} ({error.strerror})."


def connection_limit() -> int:
    """Raise the process's limit on open files, and return how many connections it allows.

    At this number, new connections wait until others end. At the limit on open files itself, they would fail.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILE_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_FILE_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    available = wanted if soft == resource.RLIM_INFINITY else min(soft, MAX_FILE_DESCRIPTORS)
    return max(MIN_CONNECTIONS, available - RESERVED_FILE_DESCRIPTORS)
