"""The group of MySQL servers that tests of failures stand on keeps its own promises."""

import pytest

from support.mysql.group import Group, status

pytestmark = pytest.mark.full


def test_a_member_that_was_killed_is_outside_of_the_group_and_can_be_written_to(mysql_group: Group) -> None:
    first = mysql_group.primary
    first.kill()
    assert mysql_group.wait_primary(first) is not first
    first.start()
    assert status(first) == [(first.admin.port, "OFFLINE", "")]
    first.sql("CREATE DATABASE strange")
    mysql_group.rejoin(first)
    assert first.sql("SHOW DATABASES LIKE 'strange'") == []


def test_another_member_becomes_the_primary_in_an_orderly_way(mysql_group: Group) -> None:
    first, second = mysql_group.primary, mysql_group.secondaries[0]
    mysql_group.switch(second)
    assert mysql_group.primary is second
    assert first.sql("SELECT @@GLOBAL.super_read_only") == [(1,)]


def test_what_the_primary_has_arrives_at_the_others(mysql_group: Group) -> None:
    name = mysql_group.fresh_database()
    mysql_group.wait_applied()
    assert [each.sql(f"SHOW DATABASES LIKE '{name}'") for each in mysql_group.members] == [[(name,)]] * 3
    mysql_group.drop(name)
