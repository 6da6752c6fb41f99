"""Makes the connections of MySQL and MariaDB: chooses the host, sets the session, and has the server prove that it may
be used. That takes the handshake and one round trip."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, final

import asyncmy
from asyncmy.errors import MySQLError

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.errors import cause_of, error_code
from doorward.infrastructure.sql.mysql import session_variables
from doorward.infrastructure.sql.mysql.host_order import HostOrder
from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.mysql.obstacles import NoUsableHost, UnusableServer
from doorward.infrastructure.sql.mysql.racing import first_success
from doorward.infrastructure.sql.mysql.standing import SELF_DESCRIPTION, Standing, Use

CONNECT_SECONDS = 10.0
"""The limit for making a connection, on all hosts together. Doorward's limits for a block are shorter. This one ends
attempts that nobody waits for any more."""

ATTEMPT_SECONDS = 5.0
"""The limit on one of several hosts."""

UNREADABLE_CODES = frozenset({1044, 1049, 1054, 1064, 1105, 1109, 1142, 1143, 1146, 1193, 1227})
"""Errors for a table that the server does not have, or that the account may not read."""


@final
class MySQLConnector:
    """Makes a connection for SQLAlchemy's pool, in place of the driver's own function."""

    def __init__(self, order: HostOrder, settings: session_variables.Settings, use: Use) -> None:
        self.order = order
        self._settings = settings
        self.use = use
        self._made: dict[int, tuple[Host, Standing]] = {}

    async def __call__(self, **arguments: Any) -> asyncmy.Connection:
        """Return a connection of the first host that may be used. `arguments` are those of the driver's function, all
        but host and port. Raise UnusableServer or what the driver raises if there is one host or if all hosts fail in
        the same way, and otherwise NoUsableHost. Raise TimeoutError when it takes too long."""
        hosts = self.order.in_turn()
        began = time.monotonic()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                number, (connection, standing) = await first_success(
                    [partial(self._attempt, host, arguments) for host in hosts], self.order.pause_seconds, close
                )
        except ExceptionGroup as failed:
            errors = failed.exceptions
        else:
            self.order.was_good(hosts[number], time.monotonic() - began)
            self._made[id(connection)] = (hosts[number], standing)
            return connection
        raise in_one(hosts, errors)

    def made(self, connection: asyncmy.Connection) -> tuple[Host, Standing]:
        """Return the host of a connection that was just made, and what it said. To be asked once."""
        return self._made.pop(id(connection))

    async def _attempt(self, host: Host, arguments: Mapping[str, Any]) -> tuple[asyncmy.Connection, Standing]:
        async with asyncio.timeout(ATTEMPT_SECONDS if len(self.order.hosts) > 1 else CONNECT_SECONDS):
            connection = await asyncmy.connect(host=host.name, port=host.port, **arguments)
            try:
                standing = await introduced(connection, self._settings)
                obstacle = standing.obstacle(self.use, is_only_host=len(self.order.hosts) == 1)
                if obstacle is not None:
                    raise UnusableServer(cause=obstacle)
            except BaseException:
                connection.close()
                raise
            return connection, standing


def close(made: tuple[asyncmy.Connection, Standing]) -> None:
    made[0].close()


async def introduced(connection: asyncmy.Connection, settings: session_variables.Settings) -> Standing:
    """Set the session and return what the server says about itself, in one round trip."""
    session = session_variables.set_statement(settings, connection.get_server_info())
    async with connection.cursor() as cursor:
        await cursor.execute("; ".join((session, *SELF_DESCRIPTION)))
        await cursor.nextset()
        ((version, database, casing),) = await cursor.fetchall()
        await cursor.nextset()
        variables = {str(name): str(value) for name, value in await cursor.fetchall()}
        try:
            await cursor.nextset()
            rows, is_readable = await cursor.fetchall(), True
        except MySQLError as error:
            if error_code(error) not in UNREADABLE_CODES:
                raise
            rows, is_readable = [], False
    return Standing(
        version=version,
        database=database,
        lower_case_table_names=int(casing),
        variables=variables,
        member=(rows[0][0], rows[0][1]) if rows else None,
        is_membership_readable=is_readable,
    )


def in_one(hosts: Sequence[Host], errors: Sequence[Exception]) -> Exception:
    """Return the one error that says what happened on all hosts: that of the only host, or one that is the same on all,
    or NoUsableHost."""
    codes = {error_code(error) for error in errors}
    if len(errors) == 1 or (len(codes) == 1 and None not in codes):
        return errors[0]
    return NoUsableHost.of({host: reason(error) for host, error in zip(hosts, errors, strict=True)})


def reason(error: Exception) -> str:
    """Return a few words for the log."""
    if isinstance(error, StorageUnavailable):
        return error.cause
    code = error_code(error)
    return cause_of(error, "connect") if code is None else f"{type(error).__name__} {code} in connect"
