"""msgspec's messages are parsed. These tests fail when a version of msgspec words them differently."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest

from doorward.interfaces.validation_messages import (
    contains_pattern,
    is_about_time,
    may_repeat_value,
    missing_member,
    split_path,
    unknown_member,
)


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    number: int


class Body(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    roles: list[Annotated[str, msgspec.Meta(pattern="^[a-z]*$")]] = []
    kind: Literal["large", "small"] = "small"
    moment: datetime | None = None
    id: UUID | None = None
    inner: Inner | None = None


def message(**members: Any) -> str:
    """Return what msgspec says about a Body with these members."""
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.json.decode(msgspec.json.encode(members), type=Body)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({}, ""),
        ({"name": 1}, "name"),
        ({"name": "ada", "roles": ["user", 1]}, "roles[1]"),
        ({"name": "ada", "inner": {"number": "one"}}, "inner.number"),
    ],
)
def test_the_path_of_the_member_at_fault_is_found(members: dict[str, Any], path: str) -> None:
    assert split_path(message(**members))[1] == path


def test_a_missing_member_is_named() -> None:
    assert missing_member(message()) == "name"
    assert missing_member(message(name=1)) is None


def test_an_unknown_member_is_named() -> None:
    assert unknown_member(message(name="ada", age=1)) == "age"
    assert unknown_member(message(name=1)) is None


def test_a_member_of_an_inner_object_is_named_without_its_path() -> None:
    assert split_path(message(name="ada", inner={}))[1] == "inner"
    assert missing_member(split_path(message(name="ada", inner={}))[0]) == "number"
    assert unknown_member(split_path(message(name="ada", inner={"number": 1, "text": 2}))[0]) == "text"


@pytest.mark.parametrize("member", ["kind", "moment", "id"])
def test_every_message_with_a_value_that_was_sent_is_recognised(member: str) -> None:
    assert may_repeat_value(message(name="ada", **{member: "hunter2"}))


def test_messages_about_times_are_recognised() -> None:
    for text in ("2030-01-31T12:00Z", "2030-01-31T12:00:00", "tomorrow"):
        with pytest.raises(msgspec.ValidationError) as refused:
            msgspec.convert(text, Annotated[datetime, msgspec.Meta(tz=True)])
        assert is_about_time(str(refused.value))
    assert not is_about_time(message(name="ada", kind="hunter2"))


def test_only_messages_about_allowed_values_may_repeat_what_was_sent() -> None:
    for members in ({}, {"name": 1}, {"name": "ada", "roles": ["HUNTER2"]}, {"name": "ada", "inner": "hunter2"}):
        refused = message(**members)
        assert not may_repeat_value(refused)
        assert "hunter2" not in refused.lower()


def test_a_message_with_a_regular_expression_is_recognised() -> None:
    assert contains_pattern(message(name="ada", roles=["HUNTER2"]))
    assert not contains_pattern(message(name=1))
