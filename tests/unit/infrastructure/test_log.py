import json
from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from doorward.application.ports.security_events import SecurityEvent
from doorward.infrastructure.log.redaction import without_secrets
from doorward.infrastructure.log.rendering import as_json, as_text, with_exception
from doorward.infrastructure.log.security_log import StructlogSecurityLog
from doorward.testing.contracts.security_log import HOSTILE

KEY = b"k" * 32


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_one_escaped_line_of_json(text: str) -> None:
    """LG-02."""
    line = as_json(None, "info", {"event": text, "username": text, text: [text, {"a": text}]})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["username"] == text
    assert json.loads(line)["event"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_one_escaped_line_on_a_terminal(text: str) -> None:
    """LG-02."""
    line = as_text(None, "info", {"event": text, "username": text, text: [text, {"a": text}]})
    ours = ("\x1b[0m", "\x1b[1m", "\x1b[2m")
    for sequence in ours:
        line = line.replace(sequence, "")
    assert line.isprintable()


def test_a_terminal_shows_letters_of_every_script() -> None:
    assert "Åsa" in as_text(None, "info", {"event": "hello", "name": "Åsa"})


def test_time_level_and_event_come_first() -> None:
    """LG-01."""
    event = {"ip": "192.0.2.7", "event": "authz_fail", "level": "warning", "time": "2026-11-23T12:00:00Z"}
    assert list(json.loads(as_json(None, "warning", event))) == ["time", "level", "event", "ip"]


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "newPassword",
        "passwd",
        "access_token",
        "refreshToken",
        "secret",
        "client_secret",
        "Authorization",
        "set-cookie",
        "password_hash",
        "token_hash",
        "hash",
        "key",
        "private_key",
        "pem",
        "credentials",
    ],
)
def test_a_field_with_a_secret_s_name_never_reaches_the_log(name: str) -> None:
    """LG-03."""
    event = {"event": "x", name: "v4lue", "nested": {name: "v4lue", "list": [{name: "v4lue"}]}}
    assert "v4lue" not in str(without_secrets(None, "info", event))


@pytest.mark.parametrize(
    "value",
    [
        "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzM2NyZXQifQ.c2VjcmV0",
        "$argon2id$v=19$m=19456,t=2,p=1$s3cret$s3cret",
        "could not reach mysql://ada:s3cret@s3cret@db.example.com/doorward",
        "could not reach toy://shelf/toys?colour=red&api_token=s3cret, nor toy://shelf?PASSWORD=s3cret",
        "could not reach toy://k3y-s3cret@shelf",
        "could not reach toy://shelf/toys?api-key=s3cret, nor toy://shelf?auth=s3cret, nor toy://shelf#password=s3cret",
        "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----",
        "(1062, 'Duplicate') [parameters: ('ada', 's3cret')]",
    ],
)
def test_a_value_that_looks_like_a_secret_is_masked_in_any_field(value: str) -> None:
    """LG-03."""
    shown = str(without_secrets(None, "info", {"event": value, "detail": value, "stack": [value]}))
    assert "s3cret" not in shown
    assert "c2VjcmV0" not in shown
    assert "***" in shown


def test_other_fields_stay_as_they_are() -> None:
    event = {"event": "authn_login_fail", "login_hash": "0123456789abcdef", "status": 401, "docs": True, "none": None}
    assert without_secrets(None, "info", dict(event)) == event


def test_the_link_of_a_letter_stays_readable() -> None:
    """It is logged only where this machine alone can use the service, and people follow it."""
    event = {"event": "letter_written", "link": "http://127.0.0.1:8080/reset-password#token=abc"}
    assert without_secrets(None, "info", dict(event)) == event


def test_an_exception_has_types_messages_and_places_but_no_values() -> None:
    """LG-03."""
    event: Mapping[str, Any] = {}
    try:
        password = "s3cret"
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError(f"outer\n[SQL: INSERT] [parameters: ('{password}')]") from error
    except ValueError as error:
        event = with_exception(None, "error", {"event": "boom", "exc_info": error})
    assert event["exception"] == "ValueError: outer <- KeyError: 'inner'"
    assert event["stack"][0].startswith(__name__)
    assert "s3cret" not in str(event)


def test_a_failed_sign_in_has_a_keyed_hash_in_place_of_the_login() -> None:
    """LG-04."""
    with capture_logs() as lines:
        StructlogSecurityLog(KEY).record(
            SecurityEvent.AUTHN_LOGIN_FAIL, login="hunter2 my password", reason="unknown", user_id=None
        )
        StructlogSecurityLog(b"other" * 8).record(
            SecurityEvent.AUTHN_LOGIN_FAIL, login="hunter2 my password", reason="unknown"
        )
    assert "hunter2" not in str(lines)
    assert len(lines[0]["login_hash"]) == 16
    assert lines[0]["login_hash"] != lines[1]["login_hash"]
    assert "user_id" not in lines[0]
    assert "login" not in lines[0]


def test_all_spellings_of_one_login_have_the_same_hash() -> None:
    """LG-04."""
    with capture_logs() as lines:
        log = StructlogSecurityLog(KEY)
        for login in ("Ada", " ada ", "\uff21da", "eve", "\ud800"):
            log.record(SecurityEvent.AUTHN_LOGIN_FAIL, login=login)
    hashes = [line["login_hash"] for line in lines]
    assert len(set(hashes)) == 3
    assert len(set(hashes[:3])) == 1


def test_an_event_is_written_at_its_level_with_its_outcome() -> None:
    """LG-01, SI-12."""
    with capture_logs() as lines:
        log = StructlogSecurityLog(KEY)
        log.record(SecurityEvent.AUTHZ_FAIL, route="/api/test/admin", reason="role_missing")
        log.record(SecurityEvent.AUTHN_LOGIN_SUCCESS, user_id="1")
        log.record(SecurityEvent.CHANGE_FEED_FAILED, reason="RuntimeError")
        log.record(SecurityEvent.PASSWORD_HASH_UNUSABLE, reason="malformed")
    levels = [("warning", "failure"), ("info", "success"), ("error", "failure"), ("error", "failure")]
    assert [(line["log_level"], line["outcome"]) for line in lines] == levels


def test_a_stolen_token_is_critical_and_always_written() -> None:
    """RF-02, LG-05."""
    with capture_logs() as lines:
        log = StructlogSecurityLog(KEY)
        for _ in range(100):
            log.record(SecurityEvent.AUTHN_TOKEN_REUSE, user_id="1", session_id="2")
    expected = {"event": "authn_token_reuse", "log_level": "critical", "outcome": "failure"}
    assert lines == [{**expected, "user_id": "1", "session_id": "2"}] * 100
