from dataclasses import dataclass, field

from doorward.infrastructure.adapters.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAddress:
    """Where the data are, and the other settings of the database."""

    url: Address
    """DOORWARD_DATABASE_URL."""
    table_prefix: str = ""
    """DOORWARD_TABLE_PREFIX: before the name of each table, so that several programs can share a database."""
    ca_certificates: str | None = field(default=None, repr=False)
    """DOORWARD_DATABASE_SSL_CA: the text of CA certificates in PEM, in place of a file that the URL names."""
    read_hosts: str | None = None
    """DOORWARD_READ_HOSTS: servers with copies of the data, from which lists are read."""
    connections: int = 10
    """DOORWARD_DATABASE_POOL_SIZE: the most connections that one process opens, at least 2."""
    processes: int = 1
    """DOORWARD_WORKERS: how many processes of this service open the storage at the same time."""
