from pathlib import Path

import pytest

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.urls import DatabaseUrl, Tls

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("sqlite:///var/doorward.db", "var/doorward.db"),
        ("sqlite:////srv/door ward/100%25#1.db", "/srv/door ward/100%25#1.db"),
        ("SQLite+aiosqlite:///doorward.db", "doorward.db"),
    ],
)
def test_a_file_is_named_by_its_path(raw: str, path: str) -> None:
    url = DatabaseUrl.parse(raw)
    assert url.sqlite_path == Path(path)
    assert url.masked == f"sqlite:///{path}"


def test_a_server_is_named_as_hosting_providers_do() -> None:
    url = DatabaseUrl.parse("mysql://app:p%40ss%2Fw%3Ard%25@db.example.com:25060/door_ward?ssl-mode=REQUIRED")
    assert (url.hosts, url.database) == ((Host("db.example.com", 25060),), "door_ward")
    assert (url.username, url.password, url.tls, url.sqlite_path) == ("app", "p@ss/w:rd%", Tls.REQUIRED, None)


@pytest.mark.parametrize("password", ["a?b", "a/b", "a#b", "a[b", "a:b", "100%"])
def test_a_password_is_taken_as_it_is_written_where_that_has_one_meaning(password: str) -> None:
    url = DatabaseUrl.parse(f"mysql://app:{password}@db/doorward?ssl-mode=REQUIRED")
    assert (url.password, url.hosts, url.database, url.tls) == (password, (Host("db"),), "doorward", Tls.REQUIRED)


def test_a_socket_takes_the_place_of_host_and_port() -> None:
    url = DatabaseUrl.parse("mysql://app@localhost/doorward?unix_socket=/run/mysqld/mysqld.sock")
    assert (url.unix_socket, url.tls) == (Path("/run/mysqld/mysqld.sock"), Tls.DISABLED)
    assert url.masked.endswith("?ssl-mode=DISABLED&unix_socket=/run/mysqld/mysqld.sock")


def test_several_servers_are_separated_by_commas() -> None:
    url = DatabaseUrl.parse("mysql://app:a,b@H1,h2:3307,[2001:db8::1],[::1]:3308/doorward?ssl-mode=VERIFY_IDENTITY")
    assert url.hosts == (Host("h1"), Host("h2", 3307), Host("2001:db8::1"), Host("::1", 3308))
    assert (url.username, url.password, url.database, url.tls) == ("app", "a,b", "doorward", Tls.VERIFY_IDENTITY)
    shown = "mysql://app:***@h1:3306,h2:3307,[2001:db8::1]:3306,[::1]:3308/doorward?ssl-mode=VERIFY_IDENTITY"
    assert url.masked == shown
    assert DatabaseUrl.parse(url.masked).hosts == url.hosts


@pytest.mark.parametrize(
    ("hosts", "mode"),
    [("localhost,127.0.0.1:3307,[::1]", Tls.DISABLED), ("localhost,db", Tls.REQUIRED), ("db,localhost", Tls.REQUIRED)],
)
def test_connections_use_tls_unless_all_hosts_are_this_machine(hosts: str, mode: Tls) -> None:
    """ST-07."""
    assert DatabaseUrl.parse(f"mysql://app@{hosts}/doorward").tls is mode


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        ("h1,,h2", "an empty host between two commas"),
        ("h1,", "an empty host"),
        (",h1", "an empty host"),
        ("h1,:3307", "a port without a host"),
        ("h1,h2,H1:3306", "the same host twice"),
        ("h1,h2:0", "a bad host or port"),
        ("h1,h2:65536", "a bad host or port"),
        ("h1,h2:x", "a bad host or port"),
        ("h1,::1", "a bad host or port"),
        ("h1,[h2]", "a bad host or port"),
        ("h1, h2", "a bad host or port"),
        ("h1,h2:hunter2@h3", "a bad host or port"),
        (",".join(f"h{number}" for number in range(17)), "more than 16 hosts"),
    ],
)
def test_what_is_wrong_with_one_of_several_hosts_is_said(hosts: str, words: str) -> None:
    with pytest.raises(StartRefused, match=words) as refused:
        DatabaseUrl.parse(f"mysql://app:x@{hosts}/doorward")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("hosts", ["localhost,127.0.0.1", "localhost,db"])
def test_a_socket_is_not_one_of_several_servers(hosts: str) -> None:
    with pytest.raises(StartRefused, match="unix_socket"):
        DatabaseUrl.parse(f"mysql://app@{hosts}/doorward?unix_socket=/run/mysqld/mysqld.sock")


@pytest.mark.parametrize("host", ["db", "127.0.0.1"])
def test_a_client_certificate_is_never_given_without_tls(host: str) -> None:
    url = DatabaseUrl.parse(f"mysql://app@{host}/doorward?ssl-cert=/etc/a.pem&ssl-key=/etc/a.key")
    assert (url.certificate, url.private_key, url.tls) == (Path("/etc/a.pem"), Path("/etc/a.key"), Tls.REQUIRED)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+asyncmy", "mariadb+asyncmy", "MySQL"])
def test_all_these_schemes_mean_mysql(scheme: str) -> None:
    url = DatabaseUrl.parse(f"{scheme}://app@[::1]/doorward")
    assert (url.hosts, url.password) == ((Host("::1", 3306),), "")


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("ssl-mode=DISABLED", Tls.DISABLED),
        ("ssl-mode=PREFERRED", Tls.REQUIRED),
        ("sslmode=required", Tls.REQUIRED),
        ("ssl_mode=verify_ca", Tls.VERIFY_CA),
        ("SSL-MODE=Verify-Identity", Tls.VERIFY_IDENTITY),
        ("ssl-ca=/etc/ca.pem", Tls.VERIFY_CA),
        ("ssl-mode=REQUIRED&ssl-ca=/etc/ca.pem", Tls.VERIFY_CA),
        ("sslca=/etc/ca.pem&sslmode=VERIFY_IDENTITY", Tls.VERIFY_IDENTITY),
        ("ssl=true", Tls.REQUIRED),
        ("useSSL=true", Tls.REQUIRED),
        ('ssl={"rejectUnauthorized":true}', Tls.VERIFY_IDENTITY),
        ("ssl=%7B%22rejectUnauthorized%22%3A%20true%7D", Tls.VERIFY_IDENTITY),
        ("sslaccept=strict", Tls.VERIFY_IDENTITY),
        ("reconnect=true&charset=utf8mb4&ssl-mode=REQUIRED", Tls.REQUIRED),
    ],
)
@pytest.mark.parametrize("host", ["db.example.com", "127.0.0.1"])
def test_the_tls_mode_is_read_however_it_is_spelt(host: str, query: str, mode: Tls) -> None:
    url = DatabaseUrl.parse(f"mysql://app@{host}/doorward?{query}")
    assert url.tls is mode
    assert url.ca == (Path("/etc/ca.pem") if "ca.pem" in query else None)


@pytest.mark.parametrize(
    ("host", "mode"),
    [
        ("localhost", Tls.DISABLED),
        ("127.0.0.1", Tls.DISABLED),
        ("127.8.8.8", Tls.DISABLED),
        ("[::1]", Tls.DISABLED),
        ("db", Tls.REQUIRED),
        ("10.0.0.7", Tls.REQUIRED),
        ("localhost.example.com", Tls.REQUIRED),
        ("0.0.0.0", Tls.REQUIRED),
    ],
)
def test_connections_to_other_machines_use_tls(host: str, mode: Tls) -> None:
    """ST-07."""
    assert DatabaseUrl.parse(f"mysql://app@{host}/doorward").tls is mode


@pytest.mark.parametrize(("query", "mode"), [("", Tls.VERIFY_CA), ("?ssl-mode=VERIFY_IDENTITY", Tls.VERIFY_IDENTITY)])
@pytest.mark.parametrize("host", ["db", "localhost"])
def test_a_ca_that_is_given_as_text_is_used_to_verify_the_server(host: str, query: str, mode: Tls) -> None:
    """ST-07."""
    url = DatabaseUrl.parse(f"mysql://app@{host}/doorward{query}", "the text")
    assert (url.tls, url.ca, url.ca_certificates) == (mode, None, "the text")


@pytest.mark.parametrize("query", ["ssl-mode=DISABLED", "ssl-ca=/etc/ca.pem"])
def test_a_ca_that_is_given_as_text_beside_what_contradicts_it_is_refused(query: str) -> None:
    """ST-07."""
    with pytest.raises(StartRefused, match="DOORWARD_DATABASE_SSL_CA"):
        DatabaseUrl.parse(f"mysql://app@db/doorward?{query}", "the text")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        SECRET,
        "postgresql://app:hunter2@db/doorward",
        "hunter2!://x",
        "sqlite://",
        "sqlite:///",
        "sqlite://var/doorward.db",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=ro",
        "sqlite:///a\0.db",
        "mysql://",
        "mysql://db/doorward",
        "mysql://app:hunter2@db",
        "mysql://app:hunter2@db/",
        "mysql://app:hunter2@db/one/two",
        "mysql://app:hunter2@/doorward",
        "mysql://app:hunter2@db:port/doorward",
        "mysql://app:hunter2@db:99999/doorward",
        "mysql://app:hunter2@[::1/doorward",
        "mysql://app:x@hunter2@db/doorward",
        "mysql://app@db/doorward#hunter2",
        "mysql://app:x@1/hunter2@db",
        "mysql://app:x@1,2/hunter2@db/doorward",
        "mysql://app:hunter2@db/doorward?ssl-cert=/etc/a.pem",
        "mysql://app:hunter2@db/doorward?ssl-cert=/etc/a.pem&ssl-key=/etc/a.key&ssl-mode=DISABLED",
        "mysql://app:hunter2@db/doorward?unix_socket=/run/mysqld.sock",
        "mysql://app:hunter2@localhost/doorward?unix_socket=mysqld.sock",
        "mysql://app:hunter2@db/doorward?charset=utf8",
        "mysql://app:hunter2@db/doorward?ssl=false",
        "mysql://app:hunter2@db/doorward?password=hunter2",
        "mysql://app:hunter2@db/doorward?hunter2%0a=1",
        "mysql://app:hunter2@db/doorward?ssl-mode",
        "mysql://app:hunter2@db/doorward?ssl-mode=&ssl-ca=/etc/ca.pem",
        "mysql://app:hunter2@db/doorward?=hunter2",
        "mysql://app:hunter2@db/doorward?ssl-mode=hunter2",
        "mysql://app:hunter2@db/doorward?ssl-mode=REQUIRED&sslmode=DISABLED",
        "mysql://app:hunter2@db/doorward?ssl-mode=DISABLED&ssl-ca=/etc/ca.pem",
    ],
)
def test_anything_else_is_refused_in_one_line_without_a_secret(raw: str) -> None:
    with pytest.raises(StartRefused) as refused:
        DatabaseUrl.parse(raw)
    line = str(refused.value)
    assert "database" in line.lower() or "sqlite:///" in line
    assert "\n" not in line
    assert SECRET not in line


def test_the_password_is_never_shown() -> None:
    url = DatabaseUrl.parse("mysql://app:hunter2@[2001:db8::1]/doorward?ssl-ca=/etc/ca.pem")
    assert SECRET not in repr(url)
    assert url.masked == "mysql://app:***@[2001:db8::1]:3306/doorward?ssl-mode=VERIFY_CA&ssl-ca=/etc/ca.pem"
    assert DatabaseUrl.parse(url.masked).hosts == url.hosts
