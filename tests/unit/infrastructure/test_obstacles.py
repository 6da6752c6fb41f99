"""What people are told when no server of the database can be used."""

from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.mysql.obstacles import NoUsableHost, UnusableServer, explained

ONE, TWO = Host("db1", 3306), Host("db2", 3306)


def test_while_a_group_elects_its_primary_each_host_is_named_and_the_way_is_to_wait() -> None:
    found = explained(NoUsableHost.of({ONE: "OperationalError 2003 in connect", TWO: "group_member_is_secondary"}))
    assert found is not None
    words, fix = found
    assert words == (
        f"has no usable host: {ONE} does not answer: OperationalError 2003 in connect; "
        f"{TWO} is a secondary of its group"
    )
    assert fix.startswith("wait while the members elect a primary")


def test_the_words_about_one_server_and_about_several_end_the_same_sentence() -> None:
    for error in (UnusableServer(cause="server_is_read_only"), NoUsableHost.of({ONE: "server_is_read_only"})):
        found = explained(error)
        assert found is not None
        assert found[0].partition(" ")[0] in {"is", "has"}
