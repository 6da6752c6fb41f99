"""A workload that the oracle judges when it is over."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from support.faults.afterwards import afterwards, usage_of
from support.faults.oracle import check
from support.faults.workload import Load, workload
from support.programs.processes import eventually
from support.programs.server_process import Server


@contextmanager
def judged(
    servers: Sequence[Server],
    *,
    urls: Sequence[str] = (),
    clients: int = 8,
    seed: int = 1,
    idle: Callable[[], bool] = lambda: True,
) -> Iterator[Load]:
    """A workload that works when the block begins and again when it has ended. Then the oracle judges it.

    The clients call the nodes, or what `urls` names in their place. `idle` is waited for when the clients have left.
    """
    before = usage_of(servers)
    with workload(urls or [server.url for server in servers], servers[0].admin, clients=clients, seed=seed) as load:
        load.until_working()
        yield load
        load.until_working()
    eventually(idle)
    check(load.ledger, afterwards(servers, [before, usage_of(servers)]))
