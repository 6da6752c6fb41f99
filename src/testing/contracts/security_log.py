"""The contract of SecurityLog, for two fixtures.

`security_log` is the log, and `written_lines` returns a function that returns what it wrote, as
a list of texts without the time of each line.
"""

from collections.abc import Callable, Sequence

from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.testing.contracts.promises import proves

Lines = Callable[[], Sequence[str]]
LOGIN = "hunter2 mellon"
HOSTILE = [
    'a\r\n{"event":"authn_login_success"}',
    "\x1b[2J\x1b[1;1Hroot",
    "a\u2028b\u2029c",
    "\u202egnp.exe\u2066",
    "bell\x07 delete\x7f csi\x9b31m",
    "nul\0",
    "\ud800 alone",
]
MANY = 100


@proves(SecurityLog.record, "Write one line")
def test_each_event_is_one_line_with_its_fields(security_log: SecurityLog, written_lines: Lines) -> None:
    """LG-01."""
    for event in SecurityEvent:
        security_log.record(event, user_id="01932c07-1111", reason="a_reason", count=4711, email_verified=True)
    for event, line in zip(SecurityEvent, written_lines(), strict=True):
        assert [value for value in (event.value, "01932c07-1111", "a_reason", "4711") if value not in line] == []


@proves(SecurityLog.record, "An event without")
def test_an_event_without_a_limit_is_always_written(security_log: SecurityLog, written_lines: Lines) -> None:
    """RF-02, LG-05: one stolen token does not hide behind another."""
    for _ in range(MANY):
        security_log.record(SecurityEvent.AUTHN_TOKEN_REUSE, user_id="1", session_id="2")
    assert len(written_lines()) == MANY


@proves(SecurityLog.record, "Of any other at least the first")
def test_of_an_event_with_a_limit_the_first_of_each_account_is_written(
    security_log: SecurityLog, written_lines: Lines
) -> None:
    """LG-05."""
    for number in range(MANY):
        security_log.record(SecurityEvent.AUTHZ_FAIL, user_id=f"account-{number:03}.", reason="role_missing")
    lines = written_lines()
    assert all(any(f"account-{number:03}." in line for line in lines) for number in range(MANY))


@proves(SecurityLog.record, "No text breaks a line", "Nothing is raised")
def test_no_text_breaks_a_line_or_raises_anything(security_log: SecurityLog, written_lines: Lines) -> None:
    """LG-02."""
    for text in HOSTILE:
        security_log.record(SecurityEvent.AUTHN_LOGIN_FAIL, login=text, reason=text, user_id=text)
    assert len(written_lines()) == len(HOSTILE)
    assert all(line.isprintable() for line in written_lines())


@proves(SecurityLog.record, "The field `login` is never written", "Equal logins")
def test_a_typed_login_is_written_as_a_hash(security_log: SecurityLog, written_lines: Lines) -> None:
    """LG-04."""
    for login in (LOGIN, LOGIN, f"{LOGIN}!"):
        security_log.record(SecurityEvent.AUTHN_PASSWORD_CHANGE, login=login, user_id="1")
    first, second, third = written_lines()
    assert not any(word in line for line in (first, second, third) for word in LOGIN.split())
    assert first == second != third
