"""A proxy that terminates TLS in front of a server on loopback, like a proxy in production."""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CHUNK = 65_536


def certificate(folder: Path, *names: str) -> Path:
    """Return a file with a self-signed certificate for 127.0.0.1 and these host names, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    addresses = [x509.IPAddress(ip_address("127.0.0.1")), *map(x509.DNSName, names)]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


async def pass_on(source: StreamReader, sink: StreamWriter) -> None:
    """Copy bytes until one side closes the connection."""
    with suppress(OSError, asyncio.CancelledError):
        while part := await source.read(CHUNK):
            sink.write(part)
            await sink.drain()
    sink.close()


@asynccontextmanager
async def terminating(port: int, behind: int, certificate_file: Path) -> AsyncIterator[None]:
    """Accept TLS on `port` and forward plain bytes to the port `behind`, both on loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file)
    passing: set[asyncio.Task[None]] = set()

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", behind)
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.create_task(pass_on(source, sink))
            passing.add(task)
            task.add_done_callback(passing.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    try:
        yield
    finally:
        server.close()
        for task in list(passing):
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        await server.wait_closed()
