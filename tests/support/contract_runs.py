"""Runs a contract on implementations that are wrong, in this process."""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import pytest

QUIET = ("no:terminal", "no:cacheprovider", "no:xdist", "no:faulthandler", "no:schemathesis", "no:hypothesispytest")
OPTIONS = ("asyncio_mode=auto", "asyncio_default_fixture_loop_scope=function")

Fixtures = Mapping[str, Any]
"""What the fixtures of a contract return, by their names."""


class Failures:
    """A plugin that notes which tests fail for which implementation, by their names without parameters."""

    def __init__(self) -> None:
        self.of: defaultdict[str, set[str]] = defaultdict(set)
        self.tests = set[str]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test, _, parameters = report.location[2].partition("[")
        self.tests.add(test)
        if report.failed:
            self.of[parameters.rstrip("]").partition("-")[0]].add(test)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        assert not report.failed, report.longreprtext


def failures(
    contract: ModuleType, implementations: Mapping[str, Callable[[], Fixtures]]
) -> tuple[dict[str, set[str]], set[str]]:
    """Run the contract on each implementation. Return which tests failed for each, and the names of all tests.

    An implementation is a function that returns what the fixtures of one test return.
    """

    def implementation(request: pytest.FixtureRequest) -> Fixtures:
        made: Fixtures = request.param()
        return made

    def fixture(name: str) -> Callable[[Fixtures], Any]:
        return lambda implementation: implementation[name]

    offered: Any = ModuleType("offered")
    offered.implementation = pytest.fixture(params=list(implementations.values()), ids=list(implementations))(
        implementation
    )
    for name in next(iter(implementations.values()))():
        setattr(offered, f"offered_{name}", pytest.fixture(name=name)(fixture(name)))
    noted = Failures()
    arguments = [part for plugin in QUIET for part in ("-p", plugin)] + [
        part for each in OPTIONS for part in ("-o", each)
    ]
    pytest.main(
        [*arguments, "-c", os.devnull, "--noconftest", "--import-mode=importlib", str(contract.__file__)],
        [noted, offered],
    )
    return {name: noted.of[name] for name in implementations}, noted.tests
