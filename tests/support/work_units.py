"""How pytest-xdist spreads the tests over processes: which files share a process, and which come first.

The tests of a file run in one process, in their order. So do files that start the same expensive servers.
"""

import os
from typing import Any

import pytest

OWN_MYSQL = tuple(
    f"tests/integration/{name}"
    for name in (
        "http/test_faults.py",
        "faults/test_cold_start.py",
        "faults/test_contention.py",
        "faults/test_database_outages.py",
        "faults/test_hostile_clients.py",
        "faults/test_partitions.py",
        "http/test_revocation_nodes.py",
        "http/test_write_faults.py",
        "test_least_privilege.py",
        "test_mysql_hosts.py",
        "test_server_defaults.py",
        "test_storage_bounds.py",
        "test_storage_faults.py",
        "tooling/test_mysql_server.py",
    )
)
"""Files with tests that stop and pause a MySQL server. The server of such tests is one of their process."""

GROUP = tuple(
    f"tests/integration/{name}"
    for name in (
        "tooling/test_mysql_group.py",
        "proxies/test_haproxy.py",
        "test_mysql_group.py",
        "faults/test_group_failover.py",
    )
)
"""Files with tests that use a group of MySQL servers. The group of such tests is one of their process."""

BROWSER = "tests/integration/browser/"

LONG = tuple(
    f"tests/integration/{name}"
    for name in (
        "cli/test_serve.py",
        "http/test_contract_sessions.py",
        "http/races/test_refresh_races.py",
        "http/races/test_key_rotation.py",
        "migrations/test_migrations.py",
        "http/test_openapi.py",
        "test_handshake_faults.py",
        "test_readme.py",
        "cli/test_platforms.py",
        "http/test_revocations.py",
    )
)
"""Other files that take 10 seconds and more on an idle machine."""

UNITS = (*OWN_MYSQL[:1], *GROUP[:1], BROWSER, *LONG)
"""What begins first, so that no process works alone at the end."""


def unit_of(nodeid: str) -> str:
    """Return the name of what is run in one process: a file, or several."""
    file = nodeid.partition("::")[0]
    if file in OWN_MYSQL:
        return OWN_MYSQL[0]
    if file in GROUP:
        return GROUP[0]
    return BROWSER if file.startswith(BROWSER) else file


def rank(nodeid: str) -> int:
    """Return the place of the test's unit among those that begin first, and for all others the place behind them."""
    unit = unit_of(nodeid)
    return UNITS.index(unit) if unit in UNITS else len(UNITS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one more than there are processors: tests also wait, for servers and for time to pass."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return what spreads the tests if `--dist loadfile` is asked for."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # noqa: PLC0415 only then

    class WorkUnits(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    return WorkUnits(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring the tests of each unit together, and the units that begin first to the front."""
    if hasattr(config, "workerinput"):
        places: dict[str, int] = {}
        for item in items:
            places.setdefault(unit_of(item.nodeid), len(places))
        items.sort(key=lambda item: (rank(item.nodeid), places[unit_of(item.nodeid)]))
