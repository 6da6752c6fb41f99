"""The invariants of what was answered, and of what is left behind."""

import re
from collections.abc import Iterator

from support.faults.afterwards import Afterwards
from support.faults.ledger import GUARDED, Entry, Kind, Ledger

REVOKED_SECONDS = 5.0
"""After this time no node accepts what was revoked. A node measures by itself how old its knowledge is, and answers 503
when that is too old, so that a slow machine makes nothing longer."""

DOCUMENTED = frozenset(
    {200, 201, 202, 204, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 422, 429, 431, 503},
)

MAX_GROWTH_BYTES = 64 * 1024 * 1024
"""By how much each process may grow in a workload: caches and pools fill up."""

MAX_GROWTH_OF_A_CYCLE_BYTES = 16 * 1024 * 1024
"""By how much each process may still grow from the second fault to the third."""

MAX_MORE_DESCRIPTORS, MAX_MORE_THREADS = 32, 24
"""Of each process. Pools are fuller afterwards than before. A leak is one with each request."""

SECRET_PATTERNS = re.compile(r"\$argon2|eyJ[\w-]+\.|BEGIN [A-Z ]*PRIVATE KEY|mysql://[^:]+:[^*@]+@")


def nothing_revoked_is_accepted(ledger: Ledger, _: Afterwards) -> Iterator[str]:
    """I3: five seconds after a sign-out or a revocation was acknowledged, no node accepts the token or the role."""
    ended = {entry.session_id: entry.ended for entry in ledger.of(Kind.SIGN_OUT) if entry.is_acknowledged}
    for entry in ledger.of(*GUARDED, Kind.REFRESH):
        bound = 0 if entry.kind is Kind.REFRESH else REVOKED_SECONDS
        if entry.is_acknowledged and entry.started > ended.get(entry.session_id, float("inf")) + bound:
            yield f"accepted after its session was ended: {entry}"
    for username in {entry.username for entry in ledger.of(Kind.REVOKE)}:
        yield from no_revoked_role_counts([entry for entry in ledger.entries if entry.username == username])


def no_revoked_role_counts(entries: list[Entry]) -> Iterator[str]:
    """The requests about one account."""
    revoked = [entry for entry in entries if entry.kind is Kind.REVOKE and entry.is_acknowledged]
    granted = [entry for entry in entries if entry.kind is Kind.GRANT and not entry.is_refused]
    for read in entries:
        if read.kind is Kind.READ_AS_MODERATOR and read.is_acknowledged:
            over = [entry for entry in revoked if entry.ended + REVOKED_SECONDS < read.started]
            if over and not any(over[-1].started < entry.ended and entry.started < read.ended for entry in granted):
                yield f"accepted after its role was revoked: {read}"


def answers_are_documented(ledger: Ledger, _: Afterwards) -> Iterator[str]:
    """I5: every answer has a documented status, never 500. An error is a problem document, and 429 and 503 say when to
    come again. No request hangs."""
    for entry in ledger.entries:
        if entry.broken.endswith("Timeout"):
            yield f"hangs: {entry}"
        if entry.status is None:
            continue
        if entry.status not in DOCUMENTED:
            yield f"not documented: {entry}"
        if entry.status >= 400 and entry.media_type != "application/problem+json":
            yield f"no problem document: {entry}"
        if entry.status in {429, 503} and not re.fullmatch(r"[1-9]\d{0,3}", entry.retry_after or ""):
            yield f"Retry-After is {entry.retry_after}: {entry}"


def the_service_has_recovered(ledger: Ledger, after: Afterwards) -> Iterator[str]:
    """I6: at the end every client is served again, and no connection, file or thread is left behind."""
    last = {entry.username: entry for entry in ledger.entries if entry.kind is not Kind.SIGN_UP}
    if not last:
        yield "nobody was ever served"
    for entry in last.values():
        if entry.failed:
            yield f"not served at the end: {entry}"
    for later in after.usage[1:]:
        before = after.usage[0]
        if later.descriptors > before.descriptors + MAX_MORE_DESCRIPTORS * before.processes:
            yield f"{later.descriptors} descriptors, where there were {before.descriptors}"
        if later.threads > before.threads + MAX_MORE_THREADS * before.processes:
            yield f"{later.threads} threads, where there were {before.threads}"


def no_secret_is_logged(ledger: Ledger, after: Afterwards) -> Iterator[str]:
    """I7: no token, hash or key is in a log."""
    words = set(re.findall(r"[\w.-]{40,}", after.log))
    for secret in ledger.secrets & words:
        yield f"a token is in the log: {secret[:6]}..."
    if found := SECRET_PATTERNS.search(after.log):
        yield f"a secret is in the log: {found[0][:12]}..."


def memory_is_bounded(_: Ledger, after: Afterwards) -> Iterator[str]:
    """I8: the processes stay below a bound, and do not grow with every fault."""
    resident = [usage.resident_bytes // usage.processes for usage in after.usage]
    if resident and max(resident) > resident[0] + MAX_GROWTH_BYTES:
        yield f"a process grew from {resident[0]} bytes to {max(resident)}"
    cycles = resident[1:]
    if len(cycles) >= 3 and cycles[-1] > cycles[-2] + MAX_GROWTH_OF_A_CYCLE_BYTES:
        yield f"a process grew with each fault: {cycles}"


def answers_are_about_the_asker(ledger: Ledger, _: Afterwards) -> Iterator[str]:
    """I9: nobody gets an answer that is about somebody else."""
    for entry in ledger.entries:
        if entry.subject and entry.expected_subject and entry.subject != entry.expected_subject:
            yield f"about {entry.subject}, not {entry.expected_subject}: {entry}"
