import pytest

from doorward.infrastructure.sql.mysql.standing import Standing, Use

GROUP = {"group_replication_group_name": "a", "group_replication_single_primary_mode": "ON", "read_only": "OFF"}
MULTI_PRIMARY = {**GROUP, "group_replication_single_primary_mode": "OFF"}
SECONDARY = {**GROUP, "read_only": "ON", "super_read_only": "ON"}


def standing(
    variables: dict[str, str], member: tuple[str, str] | None = None, *, is_membership_readable: bool = True
) -> Standing:
    return Standing(
        version="9.7.0",
        database="doorward",
        lower_case_table_names=0,
        variables=variables,
        member=member,
        is_membership_readable=is_membership_readable,
    )


@pytest.mark.parametrize("use", Use)
@pytest.mark.parametrize(
    ("variables", "member"),
    [
        pytest.param({}, None, id="a server that knows none of the variables"),
        pytest.param({"read_only": "OFF"}, None, id="MariaDB"),
        pytest.param({"read_only": "OFF", "super_read_only": "OFF", "offline_mode": "OFF"}, None, id="MySQL"),
        pytest.param({**GROUP, "group_replication_group_name": ""}, None, id="MySQL with the plugin and no group"),
        pytest.param(GROUP, ("ONLINE", "PRIMARY"), id="the primary of a group"),
    ],
)
def test_these_servers_serve_everything(variables: dict[str, str], member: tuple[str, str] | None, use: Use) -> None:
    assert standing(variables, member).obstacle(use, is_only_host=False) is None


@pytest.mark.parametrize("use", [Use.WRITING, Use.READING])
@pytest.mark.parametrize(
    ("variables", "member", "obstacle"),
    [
        ({"read_only": "ON"}, None, "server_is_read_only"),
        ({"read_only": "OFF", "super_read_only": "ON"}, None, "server_is_read_only"),
        ({"read_only": "OFF", "offline_mode": "ON"}, None, "server_in_offline_mode"),
        (GROUP, None, "group_member_is_offline"),
        (GROUP, ("OFFLINE", ""), "group_member_is_offline"),
        (GROUP, ("RECOVERING", "SECONDARY"), "group_member_is_recovering"),
        (GROUP, ("ERROR", ""), "group_member_is_error"),
        (SECONDARY, ("ONLINE", "SECONDARY"), "group_member_is_secondary"),
        (MULTI_PRIMARY, ("ONLINE", "PRIMARY"), "group_is_multi_primary"),
    ],
)
def test_these_servers_do_not_take_writes_nor_newest_reads(
    variables: dict[str, str], member: tuple[str, str] | None, obstacle: str, use: Use
) -> None:
    assert standing(variables, member).obstacle(use, is_only_host=False) == obstacle


def test_a_member_that_does_not_tell_its_state_is_not_used() -> None:
    secretive = standing(GROUP, is_membership_readable=False)
    assert secretive.obstacle(Use.WRITING, is_only_host=True) == "group_membership_cannot_be_read"


def test_a_single_server_that_is_read_only_for_a_while_serves_reads() -> None:
    read_only = standing({"read_only": "ON"})
    assert read_only.obstacle(Use.READING, is_only_host=True) is None
    assert read_only.obstacle(Use.WRITING, is_only_host=True) == "server_is_read_only"


def test_a_secondary_serves_lists_and_an_outsider_does_not() -> None:
    assert standing(SECONDARY, ("ONLINE", "SECONDARY")).obstacle(Use.LISTS, is_only_host=False) is None
    assert standing(SECONDARY, ("OFFLINE", "")).obstacle(Use.LISTS, is_only_host=False) == "group_member_is_offline"


def test_a_diagnosis_is_served_by_any_server() -> None:
    assert standing({"offline_mode": "ON", "read_only": "ON"}).obstacle(Use.ANY, is_only_host=False) is None
