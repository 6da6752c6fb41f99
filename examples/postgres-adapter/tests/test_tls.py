import ssl
from pathlib import Path

import pytest

from doorward.adapters import Address, StartRefused, StorageAddress
from doorward_postgresql.tls import tls_context, tls_finding
from doorward_postgresql.url import PostgresqlUrl


def context_of(options: str, ca_certificates: str | None = None) -> ssl.SSLContext | None:
    url = Address.parse(f"postgresql://ada@db.example.org/db{options}")
    return tls_context(PostgresqlUrl.parse(StorageAddress(url=url, ca_certificates=ca_certificates)))


@pytest.mark.parametrize(
    ("mode", "verifies", "compares_the_name"),
    [
        ("require", ssl.CERT_NONE, False),
        ("verify-ca", ssl.CERT_REQUIRED, False),
        ("verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_each_mode_verifies_as_its_name_says(mode: str, verifies: ssl.VerifyMode, compares_the_name: bool) -> None:
    context = context_of(f"?sslmode={mode}")
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (verifies, compares_the_name)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_connection_without_tls_has_no_context() -> None:
    assert context_of("?sslmode=disable") is None


@pytest.mark.parametrize(
    ("url", "version", "state"),
    [
        ("db.example.org/db?sslmode=verify-full", "TLSv1.3", "ok"),
        ("db.example.org/db", "TLSv1.3", "advice"),
        ("db.example.org/db?sslmode=disable", None, "wrong"),
        ("127.0.0.1/db", None, "ok"),
    ],
)
def test_the_doctor_finds_a_server_that_nobody_has_proved(url: str, version: str | None, state: str) -> None:
    address = StorageAddress(url=Address.parse(f"postgresql://ada@{url}"))
    assert tls_finding(PostgresqlUrl.parse(address), version).state == state


def test_certificates_that_cannot_be_read_are_refused_at_the_start(tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    with pytest.raises(StartRefused, match=rf"sslrootcert names {missing}, which holds no readable certificates"):
        context_of(f"?sslrootcert={missing}")
    with pytest.raises(StartRefused, match="DOORWARD_DATABASE_SSL_CA holds no readable certificates"):
        context_of("", "no certificate")
