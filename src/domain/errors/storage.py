"""Refusals because the storage or the hashing of passwords cannot do its work now."""

from doorward.domain.errors.families import Unavailable


class StorageUnavailable(Unavailable):
    code = "storage_unavailable"
    text = "The database does not answer; try again in a moment."


class StorageBusy(StorageUnavailable):
    """All connections are in use. This says nothing about the database."""


class StorageMoved(StorageUnavailable):
    """The database rolled the whole transaction back, because its server takes no writes any more. It may be repeated:
    another server takes its place, or will."""


class TransactionConflict(Unavailable):
    """The database rolled the whole transaction back (deadlock, lost connection, concurrent change). It may be
    repeated."""

    code = "transaction_conflict"
    text = "Too many changes at once; try again in a moment."


class HashingBusy(Unavailable):
    code = "hashing_busy"
    text = "Too many sign-ins at once; try again in a moment."
