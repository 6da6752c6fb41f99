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
    one_account: bool = False,
    idle: Callable[[], bool] = lambda: True,
) -> Iterator[Load]:
    """A workload that works when the block begins and again when it has ended. Then the oracle judges it.

    The clients call the nodes, or what `urls` names in their place. `idle` is waited for when the clients have left.
    What the processes hold is noted before and after, and whenever the block calls `note_usage` after a fault.
    """
    usage = [usage_of(servers)]
    urls = urls or [server.url for server in servers]
    with workload(urls, servers[0].admin, clients=clients, seed=seed, one_account=one_account) as load:
        load.until_working()
        load.note_usage = lambda: usage.append(usage_of(servers))
        yield load
        load.until_working()
    eventually(idle)
    load.note_usage()
    check(load.ledger, afterwards(servers, usage))
