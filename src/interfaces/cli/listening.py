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
"""For the database, the log and other files; clients cannot use these up."""

BACKLOG_CONNECTIONS = 8_192
MAX_CONNECTIONS = 4_096
"""Per worker. Each connection may hold one answer that its client does not read."""


@contextmanager
def reserved_address(host: str, port: int) -> Iterator[None]:
    """Keep other services from listening there. Raise StartRefused when one does, or nobody can.

    Granian listens with SO_REUSEPORT, so two services could share a port without a word. On Linux, a socket that is
    bound and never listens keeps the port for sockets of this user that ask for SO_REUSEPORT.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as address:
        address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # old connections of an earlier service may last
        try:
            address.bind((host, port))
            if sys.platform != "linux":
                address.listen()
                address.close()
        except OSError as error:
            raise StartRefused(reason(error, host, port)) from error
        if sys.platform == "linux":
            address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        yield


def reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use; stop what listens there, or set DOORWARD_PORT."
    if error.errno == errno.EACCES:
        return f"Port {port} is for the system's administrator; set DOORWARD_PORT to 1024 or more."
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
    return max(64, available - RESERVED_FILE_DESCRIPTORS)
