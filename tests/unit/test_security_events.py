"""The security log's events: their levels, their use, and their documentation."""

import re
from pathlib import Path

from doorward.application.ports.security_events import Level, SecurityEvent

ROOT = Path(__file__).parents[2]

FAILURES = {
    "authn_login_fail": Level.WARNING,
    "authn_login_fail_max": Level.WARNING,
    "authn_password_confirmation_fail": Level.WARNING,
    "authn_refresh_fail": Level.WARNING,
    "authn_token_reuse": Level.CRITICAL,
    "authz_fail": Level.WARNING,
    "change_feed_failed": Level.ERROR,
    "change_feed_old": Level.WARNING,
    "change_feed_unreadable": Level.WARNING,
    "database_unwritable": Level.WARNING,
    "directory_refresh_failed": Level.ERROR,
    "excess_rate_limit_exceeded": Level.WARNING,
    "letter_failed": Level.WARNING,
    "letter_given_up": Level.ERROR,
    "link_refused": Level.WARNING,
    "maintenance_failed": Level.ERROR,
    "password_hash_unusable": Level.ERROR,
    "password_reset_fail": Level.WARNING,
    "service_unavailable": Level.WARNING,
    "settings_differ": Level.ERROR,
    "sign_up_fail": Level.WARNING,
    "signing_key_rotation_failed": Level.ERROR,
    "users_import_failed": Level.ERROR,
    "rate_limits_local": Level.WARNING,
}


def test_an_event_is_called_on_the_wire_as_in_the_source() -> None:
    assert [event.value for event in SecurityEvent] == [event.name.lower() for event in SecurityEvent]


def test_what_was_done_is_info_and_a_failure_has_a_higher_level() -> None:
    """LG-01, SI-12."""
    assert {event.value: event.level for event in SecurityEvent if event.level is not Level.INFO} == FAILURES
    assert {event.value for event in SecurityEvent if event.outcome == "failure"} == FAILURES.keys()
    assert {event.outcome for event in SecurityEvent} == {"failure", "success"}


def test_only_failures_and_what_a_client_can_repeat_at_no_cost_have_a_limit_and_never_a_stolen_token() -> None:
    """RF-02, LG-05."""
    repeatable = {
        "authn_login_success",
        "email_verification_requested",
        "letter_discarded",
        "letter_sent",
        "password_reset_requested",
        "session_renewal_repeated",
        "session_renewed",
        "sign_in_code_requested",
    }
    limited = {event for event in SecurityEvent if event.max_lines_per_second is not None}
    assert limited == repeatable | FAILURES.keys() - {"authn_token_reuse"}


def test_every_event_is_recorded_somewhere() -> None:
    source = "".join(file.read_text() for file in (ROOT / "src").rglob("*.py"))
    recorded = set(re.findall(r"\bSecurityEvent\.([A-Z_]+)\b", source))
    assert recorded == {event.name for event in SecurityEvent}


def test_every_event_is_documented_with_its_level() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| .+ \|$", (ROOT / "docs/events.md").read_text(), re.MULTILINE)
    assert rows == [(event.value, event.level.value) for event in SecurityEvent]
