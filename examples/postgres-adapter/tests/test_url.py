import pytest

from doorward.adapters import Address, StorageAddress
from doorward_postgresql.url import PostgresqlUrl, SslMode


def parsed(text: str, ca_certificates: str | None = None) -> PostgresqlUrl:
    return PostgresqlUrl.parse(StorageAddress(url=Address.parse(text), ca_certificates=ca_certificates))


def test_a_url_is_percent_encoded_and_shown_without_its_password() -> None:
    url = parsed("postgresql://a%40b:p%2Fw%3A@db.example.org/acc%20ounts")
    assert (url.user, url.password, url.host, url.port, url.database) == (
        "a@b",
        "p/w:",
        "db.example.org",
        5432,
        "acc ounts",
    )
    assert url.masked == "postgresql://a%40b:***@db.example.org:5432/acc%20ounts?sslmode=require"
    assert "p/w:" not in repr(url)


@pytest.mark.parametrize(
    ("end", "mode"),
    [
        ("127.0.0.1/db", SslMode.DISABLE),
        ("[::1]:5433/db", SslMode.DISABLE),
        ("db.example.org/db", SslMode.REQUIRE),
        ("db.example.org/db?sslmode=allow", SslMode.REQUIRE),
        ("db.example.org/db?sslmode=prefer", SslMode.REQUIRE),
        ("db.example.org/db?sslmode=disable", SslMode.DISABLE),
        ("db.example.org/db?sslmode=verify-full", SslMode.VERIFY_FULL),
        ("127.0.0.1/db?sslrootcert=/ca.pem", SslMode.VERIFY_CA),
    ],
)
def test_connections_to_another_machine_use_tls(end: str, mode: SslMode) -> None:
    assert parsed(f"postgres://ada@{end}").sslmode is mode


def test_the_driver_may_be_named() -> None:
    assert parsed("postgresql+asyncpg://ada@db.example.org/db") == parsed("postgres://ada@db.example.org/db")


def test_certificates_of_a_setting_are_verified() -> None:
    assert parsed("postgres://ada@db.example.org/db", "PEM").sslmode is SslMode.VERIFY_CA


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("postgresql://ada:secret@/db", "write postgresql://"),
        ("postgresql://db.example.org/db", "write postgresql://"),
        ("postgresql://ada:secret@db.example.org", "write postgresql://"),
        ("postgresql://ada:secret@db.example.org:port/db", "write postgresql://"),
        ("postgresql://ada:sec#ret@db.example.org/db", "write postgresql://"),
        ("postgresql://ada:secret@h/db?sslmode=maybe", "give sslmode as one of disable, require"),
        ("postgresql://ada:secret@h/db?options=x", "leave options out"),
        ("postgresql://ada:secret@h/db?sslmode=disable&sslrootcert=/ca.pem", "remove sslmode=disable"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_secret(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice) as refused:
        parsed(text)
    assert "sec" not in str(refused.value)


def test_two_sources_of_certificates_are_refused() -> None:
    with pytest.raises(ValueError, match="keep one of sslrootcert and DOORWARD_DATABASE_SSL_CA"):
        parsed("postgres://ada@h/db?sslrootcert=/ca.pem", "PEM")
