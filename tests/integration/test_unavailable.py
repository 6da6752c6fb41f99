"""Every 503 is reported with its cause: all refusal classes of the family. None can be raised without one."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from litestar.types import Receive, Scope, Send

import doorward
from doorward.application.prove_writing import ProveWriting
from doorward.application.report_unavailable import ReportUnavailable
from doorward.domain.errors import Unavailable
from doorward.infrastructure.log.security_log import StructlogSecurityLog
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.interfaces.http.edge.middleware import EdgeMiddleware
from doorward.testing.doubles import FrozenClock
from support.http.edge_driver import CONFIG, ask

SOURCE = Path(doorward.__file__).parent


FOR_OTHER_PROGRAMS = ("doorward.guard.", "doorward.testing.")


def imported() -> None:
    """Import every module of the service, so that every class is known."""
    for module in pkgutil.walk_packages([str(SOURCE)], "doorward."):
        runs = ".migrations" in module.name or module.name.endswith("__main__")
        if not runs and not module.name.startswith(FOR_OTHER_PROGRAMS):
            importlib.import_module(module.name)


def family(kind: type[Unavailable] = Unavailable) -> Iterator[type[Unavailable]]:
    """The class, and all that inherit from it."""
    yield kind
    for inheriting in kind.__subclasses__():
        yield from family(inheriting)


imported()
KINDS = sorted(set(family()), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_refusal_of_the_family_is_a_503_with_its_cause_in_the_log(kind: type[Unavailable]) -> None:
    """OP-09."""
    log = StructlogSecurityLog(b"k" * 32, call_later=lambda *_: None)
    reporting = ReportUnavailable(ProveWriting(MemoryStorage(), FrozenClock(), log), log)

    async def report(refusal: Unavailable) -> None:
        reporting(refusal)

    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        raise kind(cause="a cause")

    with structlog.testing.capture_logs() as lines:
        answer = await ask(refusing, edge=EdgeMiddleware(refusing, CONFIG, report))
    assert (answer.status, answer.code) == (503, kind.code)
    assert "a cause" not in str(answer.problem)
    line = {"event": "service_unavailable", "log_level": "warning", "outcome": "failure"}
    assert lines == [{**line, "reason": kind.code, "cause": "a cause"}]
