"""The types of settings of the database, with their descriptions."""

from typing import Annotated

from msgspec import Meta

DatabaseWaitSeconds = Annotated[
    int,
    Meta(
        ge=0,
        le=3_600,
        description="How long a start or a command waits for a database that cannot be reached yet, up to 3600.",
    ),
]

DatabasePoolSize = Annotated[
    int,
    Meta(
        ge=2,
        le=1_000,
        description="Maximum of connections per worker to a database server, 2 or more. Half read, half write.",
    ),
]

DatabaseCertificates = Annotated[
    str | None,
    Meta(
        description="CA certificates of the database server in PEM, in place of `ssl-ca=FILE` in the URL. "
        "`DOORWARD_DATABASE_SSL_CA_FILE` names a file that holds them.",
        extra={"default": "none"},
    ),
]

ReadHosts = Annotated[
    str | None,
    Meta(
        description="`HOST,HOST:PORT` of MySQL replicas from which most lists are read. They may be late.",
        extra={"default": "none"},
    ),
]
