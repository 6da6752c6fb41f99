"""What a storage adapter implements beside the ports of `application/ports/storage.py`.

A package offers it in the entry-point group `doorward.storage`, under the scheme of its URLs:

    [project.entry-points."doorward.storage"]
    postgresql = "doorward_postgresql.adapter:PostgresqlAdapter.at"

The object of the entry point is a `StorageAdapterFactory`: Doorward calls it with the StorageAddress, and gets the
adapter for that database.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from doorward.application.ports.storage import Storage
from doorward.infrastructure.adapters.storage_address import StorageAddress
from doorward.infrastructure.finding import Finding


class StorageAdapter(Protocol):
    """One database, reached by one kind of storage. Nothing is opened before a method is called that needs it.

    The service, `doorward settings`, `migrate`, `doctor` and all other commands know the database through these members
    alone. An error of a driver never leaves them: it becomes StartRefused, a finding, or StorageUnavailable. No text
    that they return or raise contains a secret of the URL.

    Every command imports the module of the entry point. Import a driver inside of the methods that use it.
    """

    @property
    def masked(self) -> str:
        """The URL for people and logs: what helps to recognise the database, and no password or other secret."""
        ...

    @property
    def files(self) -> Sequence[Path]:
        """The files that hold the data, the main file first, whether they exist or not. None for a server or for
        memory. `doorward serve` creates the data directory if the first is in it, and `doorward doctor` looks whether
        other users may read them."""
        ...

    def open(self, now: Callable[[], datetime]) -> Storage:
        """Return the storage, which connects when it is used. `now` dates the entries of the audit log and of the
        change feed. Raise StartRefused if the settings cannot work, such as a certificate that cannot be read.

        It may be called several times in one process: for a start, storages are opened and closed one after the other.
        """
        ...

    async def check(self) -> None:
        """Raise StartRefused, in one line that says what to do, unless the database can be reached and its schema is
        that of this version. Nothing is changed. The service and all commands but `migrate` and `doctor` begin so.
        Raise DatabaseNotReady if the database does not answer at present: a start then tries again for a while."""
        ...

    async def migrate(self) -> tuple[str | None, str]:
        """Bring the schema to this version, and return the revisions before and after; None if there was no schema.

        One process migrates at a time, and others wait for it. A database that already has the schema is not changed,
        and then little should be imported. A storage without a schema returns the same revision twice. Raise
        StartRefused, also for a schema of a later version, and DatabaseNotReady as `check` does.
        """
        ...

    async def diagnose(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        """Return findings for `doorward doctor`. Nothing is changed, and whatever is wrong with the database is a
        finding and no exception.

        A database that cannot be used is one finding with the check `database` and the state `wrong`; then the doctor
        asks nothing else of it. If it can be used, the check `database` says that it answers.
        """
        ...


StorageAdapterFactory = Callable[[StorageAddress], StorageAdapter]
"""Returns the adapter for an address whose scheme is the name of its entry point, or that name with a `+` and a driver.

It raises ValueError for a URL that cannot be used, and for a setting that this storage cannot follow, such as a table
prefix, by the name of that setting: one line that says what to write instead, without a full stop at its end, and
without a secret. It is called whenever something asks for the adapter, so it connects to nothing, reads no file and
imports no driver.
"""
