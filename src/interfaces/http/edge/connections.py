"""Closes the connections of clients that do not read.

ASGI has no message for it, and Granian keeps the connection, with what it holds of the answer, until the client reads.
So this module looks for the connection among the descriptors of its own process (docs/decisions/large-answers.md).
"""

import asyncio
import errno
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Final, final

DESCRIPTORS: Final = Path("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")
"""The folder that lists the open descriptors of this process."""

NO_DESCRIPTOR_LEFT: Final = frozenset({errno.EMFILE, errno.ENFILE})

RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)
"""A value of SO_LINGER. The kernel then drops what the client has not read."""

GATHER_SECONDS: Final = 1.0
"""Looking at 4,000 connections takes about 30 milliseconds, so it is done for all of this time at once."""

Peer = tuple[str, str]
"""The address and the port of a client, which no two connections to one port of this service share."""


@final
class ConnectionCloser:
    """Closes connections by the addresses of their clients, at most once in GATHER_SECONDS."""

    def __init__(self) -> None:
        self._peers: set[Peer] = set()

    def close_soon(self, client: tuple[str, int] | None) -> None:
        """Close the connection of the `client` of an ASGI scope. Without an address, as behind a Unix socket, nothing
        is closed."""
        if client is None:
            return
        if not self._peers:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._close)
        self._peers.add((client[0], str(client[1])))

    def _close(self) -> None:
        """Close the connections. If this process has no descriptor left for it, try again later. Any other error, such
        as that of a system without a folder of descriptors, goes to the log of the event loop."""
        peers, self._peers = self._peers, set()
        try:
            close_connections(peers)
        except OSError as error:
            if error.errno not in NO_DESCRIPTOR_LEFT:
                raise
            self._peers = peers
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._close)


def close_connections(peers: set[Peer]) -> None:
    """Close the connections of this process to these peers, and drop what waits for them to read. Raise OSError if this
    process has no descriptor left to look at its own."""
    for file in DESCRIPTORS.iterdir():
        try:
            copy = os.dup(int(file.name))
        except OSError as error:
            if error.errno in NO_DESCRIPTOR_LEFT:
                raise
            continue  # the server has closed it meanwhile
        close_if_peer(copy, peers)  # a copy, because another connection may get the number


def close_if_peer(descriptor: int, peers: set[Peer]) -> None:
    """Close the connection if it leads to one of the peers. The descriptor is closed in any case."""
    try:
        connection = socket.socket(fileno=descriptor)
    except OSError:  # it is no socket
        os.close(descriptor)
        return
    with connection:
        try:
            peer = connection.getpeername()
            if isinstance(peer, tuple) and (peer[0], str(peer[1])) in peers:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # it is not connected
            return
