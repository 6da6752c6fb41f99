"""The operator's JSON Schema of profiles: which schemas are refused at the start, and what it answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from doorward.domain.accounts.profile import Profile
from doorward.domain.errors import InvalidProfile
from doorward.infrastructure.json_schema import MAX_SCHEMA_BYTES, JsonSchema, compiled
from doorward.infrastructure.settings.start_refused import StartRefused


def refusal(schema: dict[str, Any], members: dict[str, Any]) -> str:
    with pytest.raises(InvalidProfile) as refused:
        JsonSchema(compiled(schema)).check(Profile.of(members))
    return str(refused.value)


@pytest.mark.parametrize(
    ("schema", "members", "text"),
    [
        ({"properties": {"a/b~": {"type": "integer"}}}, {"a/b~": "x"}, "At '/a~1b~0': the value is not of type"),
        ({"properties": {"a": {"items": {"maxLength": 1}}}}, {"a": ["x", "xy"]}, "At '/a/1': the value is longer"),
        ({"required": ["a"]}, {}, "At '/a': \"a\" is a required property."),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"z": 1}, "At '/z': Additional properties are not"),
        ({"maxProperties": 0}, {"z": 1}, "the value has more than 0 properties."),
    ],
)
def test_a_refusal_names_the_member_by_its_pointer(schema: dict[str, Any], members: dict[str, Any], text: str) -> None:
    assert refusal(schema, members).startswith(text)


def test_a_refusal_does_not_repeat_the_value() -> None:
    assert "hunter2" not in refusal({"properties": {"a": {"type": "integer"}}}, {"a": "hunter2"})


def test_a_long_refusal_is_cut() -> None:
    assert len(refusal({"properties": {"a": {"enum": list(range(500))}}}, {"a": "x"})) < 250


def test_a_pattern_takes_no_exponential_time() -> None:
    """With a backtracking engine this one takes longer than the universe lasts."""
    assert "does not match" in refusal({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "a" * 4_000 + "!"})


def test_a_schema_that_refers_to_itself_ends() -> None:
    JsonSchema(compiled({"$ref": "#"})).check(Profile.of({"a": 1}))


@pytest.mark.parametrize("draft", ["draft-04", "draft-07", "draft/2019-09", "draft/2020-12"])
def test_every_usual_draft_is_understood(draft: str) -> None:
    host = "https" if "/" in draft else "http"
    schema = {"$schema": f"{host}://json-schema.org/{draft}/schema", "properties": {"a": {"type": "string"}}}
    assert "is not of type" in refusal(schema, {"a": 1})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff", "not UTF-8"),
        (b'{"a": 1, "a": 2}', "given twice"),
        (b'{"type": "strin"}', "At '/type': the value is not valid"),
        (b'{"properties": {"a": {"pattern": "("}}}', "regex"),
        (b'{"properties": {"a": {"pattern": "^(?=a)b"}}}', "regex"),
        (b'{"properties": {"a": {"pattern": "(a{1,200}){1,200}b{1000}"}}}', "regex"),
        (b'{"$ref": "http://127.0.0.1:1/schema"}', "Retrieval is disabled"),
        (b'{"$ref": "file:///etc/passwd"}', "Retrieval is disabled"),
        (b'{"$ref": "other.json"}', "other.json"),
        (b'{"$ref": "#/$defs/missing"}', "missing"),
        (b'{"$schema": "http://example.org/own"}', "meta-schema"),
        (json.dumps({"description": "x" * MAX_SCHEMA_BYTES}).encode(), "more than 65,536 bytes"),
        (b'{"enum": [' + b"0," * 5_000 + b"0]}", "more than 4096 members and items"),
    ],
)
def test_a_wrong_schema_refuses_the_start_with_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "profile.json"
    path.write_bytes(content)
    with pytest.raises(StartRefused) as refused:
        JsonSchema.load(path)
    text = str(refused.value)
    assert text.startswith(f"DOORWARD_PROFILE_SCHEMA: {path} is not a JSON Schema: ")
    assert reason in text
    assert "\n" not in text
    assert len(text) < 400


def test_a_schema_that_cannot_be_read_refuses_the_start(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.json"):
        with pytest.raises(StartRefused, match="cannot be read"):
            JsonSchema.load(path)
