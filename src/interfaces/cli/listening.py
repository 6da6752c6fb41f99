"""The address that the service listens on, and the number of its connections."""

import errno
import resource
import socket

from doorward.infrastructure.settings.start_refused import StartRefused

MAX_FILE_DESCRIPTORS = 65_536
RESERVED_FILE_DESCRIPTORS = 128
"""For the database, the log and other files; clients cannot use these up."""

BACKLOG_CONNECTIONS = 8_192
MAX_CONNECTIONS = 4_096
"""Per worker. Each connection may hold one answer that its client does not read."""


def refuse_taken(host: str, port: int) -> None:
    """Raise StartRefused when the service cannot listen there. Granian would share the port with another service."""
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
