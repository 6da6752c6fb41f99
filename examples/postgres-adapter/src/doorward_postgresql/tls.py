import ssl

from doorward.adapters import StartRefused
from doorward_postgresql.url import CA_SETTING, PostgresqlUrl, SslMode


def tls_context(url: PostgresqlUrl) -> ssl.SSLContext | None:
    """Return the TLS context of connections, or None without TLS. Raise StartRefused if the certificates of the CA
    cannot be read."""
    if url.sslmode is SslMode.DISABLE:
        return None
    try:
        cafile = None if url.sslrootcert is None else str(url.sslrootcert)
        context = ssl.create_default_context(cafile=cafile, cadata=url.ca_certificates)
    except OSError as error:
        source = CA_SETTING if url.sslrootcert is None else f"sslrootcert names {url.sslrootcert}, which"
        raise StartRefused(f"{source} holds no readable certificates; give a file in PEM.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = url.sslmode is SslMode.VERIFY_FULL
    if url.sslmode is SslMode.REQUIRE:
        context.verify_mode = ssl.CERT_NONE
    return context
