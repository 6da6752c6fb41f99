import ssl

from doorward.adapters import Finding, StartRefused
from doorward_postgresql.url import CA_SETTING, HERE, PostgresqlUrl, SslMode


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


def tls_finding(url: PostgresqlUrl, version: str | None) -> Finding:
    """Return the finding about TLS and about the proof of the server's identity. `version` is that of the connection,
    None without TLS."""
    return Finding.judged(
        "tls",
        f"sslmode={url.sslmode}, {version or 'not encrypted'}",
        good=url.host in HERE or (version is not None and url.sslmode in {SslMode.VERIFY_CA, SslMode.VERIFY_FULL}),
        fix="add ?sslmode=verify-full to the database URL, with &sslrootcert=FILE when the provider has its own CA",
        otherwise="wrong" if version is None else "advice",
    )
