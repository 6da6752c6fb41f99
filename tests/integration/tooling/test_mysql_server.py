"""The MySQL that the other tests stand on keeps its own promises."""

import pytest
from asyncmy.errors import MySQLError, OperationalError

from support.mysql.server import Account, MySQLServer

URL = "mysql://ada:p%40ss%2Fw%3Ard%25@db.example.org:3307/shop?ssl-mode=REQUIRED"


def test_an_account_survives_the_way_through_its_url() -> None:
    account = Account.parse(URL)
    assert (account.user, account.password, account.host, account.port) == ("ada", "p@ss/w:rd%", "db.example.org", 3307)
    assert account.url("shop") == URL


@pytest.mark.parametrize("url", ["postgresql://a:b@c/d", "mysql:///d", "nonsense"])
def test_a_url_of_something_else_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="TEST_MYSQL_URL") as refusal:
        Account.parse(url)
    assert url not in str(refusal.value)


def test_each_database_is_empty_and_gone_once_dropped(mysql_server: MySQLServer) -> None:
    first, second = mysql_server.fresh_database(), mysql_server.fresh_database()
    name = first.rpartition("/")[2].partition("?")[0]
    Account.parse(first).execute(f"CREATE TABLE {name}.t (a INT)")
    assert Account.parse(second).execute(f"SHOW TABLES IN {second.rpartition('/')[2].partition('?')[0]}") == []
    mysql_server.drop(first)
    mysql_server.drop(second)
    assert mysql_server.sql(f"SHOW DATABASES LIKE '{name}'") == []


def test_a_database_of_somebody_else_is_never_dropped(mysql_server: MySQLServer) -> None:
    with pytest.raises(ValueError, match="not a database of this run"):
        mysql_server.drop(mysql_server.owner.url("mysql"))


def test_the_service_signs_in_without_rights_outside_its_databases(own_mysql_server: MySQLServer) -> None:
    with pytest.raises(OperationalError, match="denied"):
        own_mysql_server.owner.execute("CREATE DATABASE elsewhere")


def test_nobody_signs_in_without_a_password(own_mysql_server: MySQLServer) -> None:
    port = own_mysql_server.admin.port
    for user in ("root", "", "doorward"):
        with pytest.raises(MySQLError, match="denied"):
            Account(host="127.0.0.1", port=port, user=user, password="").execute("SELECT 1")


def test_a_crash_keeps_what_was_committed(own_mysql_server: MySQLServer, mysql_url: str) -> None:
    owner, name = Account.parse(mysql_url), mysql_url.rpartition("/")[2]
    owner.execute(f"CREATE TABLE {name}.t (a INT) ENGINE=InnoDB", f"INSERT INTO {name}.t VALUES (7)")
    own_mysql_server.kill()
    with pytest.raises(OperationalError):
        owner.execute("SELECT 1")
    own_mysql_server.start()
    assert owner.execute(f"SELECT a FROM {name}.t") == [(7,)]


def test_a_paused_server_answers_again_when_restored(own_mysql_server: MySQLServer) -> None:
    own_mysql_server.pause()
    own_mysql_server.restore()
    assert own_mysql_server.sql("SELECT 7") == [(7,)]
