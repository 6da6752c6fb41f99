"""How many lines of the security log are written in a second, and what is reported about the others."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars
from structlog.testing import capture_logs

from doorward.application.ports.security_events import MAX_LINES_PER_SECOND, SecurityEvent
from doorward.infrastructure.log.line_quota import MAX_ACCOUNTS, MAX_CAUSES, MAX_LINES_PER_REASON, MAX_NAMES, LineQuota
from doorward.infrastructure.log.security_log import StructlogSecurityLog
from doorward.testing.doubles import FrozenClock

LOGIN_FAIL = SecurityEvent.AUTHN_LOGIN_FAIL
SUMMARY = "log_events_suppressed"


@dataclass(slots=True)
class Written:
    """A security log with a frozen clock, and the lines that it wrote."""

    lines: list[Any]
    clock: FrozenClock = field(default_factory=FrozenClock)
    later: list[Callable[[], None]] = field(default_factory=list)
    log: StructlogSecurityLog = field(init=False)

    def __post_init__(self) -> None:
        quota = LineQuota(self.clock.monotonic)
        self.log = StructlogSecurityLog(b"k" * 32, quota, lambda _, report: self.later.append(report))

    def guess(self, account: str, reason: str = "wrong_password") -> None:
        self.log.record(LOGIN_FAIL, login=f"name of {account}", reason=reason, user_id=account)

    def noise(self, number: int, reason: str = "password_oversized") -> None:
        """Refuse sign-ins with names that no account has."""
        for each in range(number):
            self.log.record(LOGIN_FAIL, login=f"invented {each}", reason=reason, user_id=None)

    def reported(self) -> None:
        """Let a second pass, and report what was left out."""
        self.clock.move(1)
        for report in self.later:
            report()
        self.later.clear()

    def of(self, **fields: str) -> list[Any]:
        return [line for line in self.lines if fields.items() <= line.items()]


@pytest.fixture
def written() -> Iterator[Written]:
    with capture_logs() as lines:
        yield Written(lines)


def test_no_noise_of_another_reason_or_account_hides_wrong_guesses(written: Written) -> None:
    """LG-05."""
    for _ in range(MAX_LINES_PER_SECOND):
        written.noise(50)
        written.noise(5, "unknown_account")
        written.guess("another")
        written.guess("ada", "account_disabled")
        written.guess("ada")
    assert len(written.of(user_id="ada", reason="wrong_password")) == MAX_LINES_PER_SECOND


def test_every_account_that_is_guessed_at_is_named_in_every_second(written: Written) -> None:
    """LG-05: also when very many accounts are."""
    for second in range(2):
        for _ in range(2):
            for number in range(MAX_ACCOUNTS):
                written.guess(str(number))
        lines = written.of(event="authn_login_fail")
        assert len(lines) == (second + 1) * MAX_ACCOUNTS
        assert {line["user_id"] for line in lines[-MAX_ACCOUNTS:]} == set(map(str, range(MAX_ACCOUNTS)))
        written.reported()


def test_what_is_left_out_is_reported_once_a_second_for_each_reason_and_account(written: Written) -> None:
    """LG-05."""
    for _ in range(92):
        written.guess("ada")
        written.guess("ada", "account_disabled")
        written.log.record(SecurityEvent.AUTHZ_FAIL, route="/", reason="token_required")
    with bound_contextvars(request_id="r-1"):
        written.guess("eve")
    assert not written.of(event=SUMMARY)
    written.reported()
    summary = {"event": SUMMARY, "log_level": "warning", "count": 92 - MAX_LINES_PER_SECOND}
    assert written.of(event=SUMMARY) == [
        {**summary, "suppressed": "authn_login_fail", "reason": "wrong_password", "user_id": "ada"},
        {**summary, "suppressed": "authn_login_fail", "reason": "account_disabled", "user_id": "ada"},
        {**summary, "suppressed": "authz_fail", "reason": "token_required"},
    ]
    written.guess("ada")
    assert written.lines[-1]["event"] == "authn_login_fail"
    written.reported()
    assert len(written.of(event=SUMMARY)) == 3


def test_the_next_line_reports_what_no_event_loop_reported(written: Written) -> None:
    """LG-05."""
    for _ in range(MAX_LINES_PER_SECOND + 1):
        written.guess("ada")
    written.clock.move(1)
    written.guess("eve")
    assert [line["event"] for line in written.lines[-2:]] == [SUMMARY, "authn_login_fail"]
    written.guess("eve")
    for report in written.later:
        report()
    written.clock.move(0.5)
    assert len(written.of(event=SUMMARY)) == 1


def test_invented_names_use_bounded_memory_and_lines_and_all_are_counted(written: Written) -> None:
    """LG-04, LG-05."""
    number = 1_000
    written.noise(number)
    written.noise(number)
    (reason,) = written.log.quota.reasons.values()
    assert len(reason.counts) == MAX_NAMES + 1
    assert len(written.lines) <= MAX_LINES_PER_REASON + MAX_NAMES + 1
    lines = len(written.lines)
    written.reported()
    summaries = written.of(event=SUMMARY)
    assert len(summaries) <= MAX_NAMES + 1
    assert lines + sum(line["count"] for line in summaries) == 2 * number
    assert summaries[-1]["others"] is True
    assert "invented" not in str(written.lines)
    assert not written.log.quota.reasons


def test_a_reason_has_a_limit_beyond_the_first_line_of_each_account(written: Written) -> None:
    """LG-05."""
    for _ in range(MAX_LINES_PER_SECOND):
        for number in range(2 * MAX_LINES_PER_REASON):
            written.guess(f"account {number}")
    by_account = Counter(line["user_id"] for line in written.lines)
    assert set(by_account.values()) == {1}
    assert len(by_account) == 2 * MAX_LINES_PER_REASON


def test_a_repeated_success_of_one_account_is_counted_and_leaves_the_others_alone(written: Written) -> None:
    """LG-05."""
    for _ in range(431):
        written.log.record(SecurityEvent.SESSION_RENEWED, user_id="ada", session_id="1")
    written.log.record(SecurityEvent.SESSION_RENEWED, user_id="eve", session_id="2")
    assert len(written.lines) == MAX_LINES_PER_SECOND + 1
    written.reported()
    assert written.lines[-1] == {
        "event": SUMMARY,
        "log_level": "info",
        "suppressed": "session_renewed",
        "user_id": "ada",
        "count": 431 - MAX_LINES_PER_SECOND,
    }


@pytest.mark.parametrize("event", [event for event in SecurityEvent if event.max_lines_per_second is None])
def test_changes_and_stolen_tokens_are_always_written(written: Written, event: SecurityEvent) -> None:
    """RF-02, LG-05."""
    for _ in range(2 * MAX_LINES_PER_REASON):
        written.log.record(event, user_id="ada", by="grace")
    assert len(written.lines) == 2 * MAX_LINES_PER_REASON


def test_each_cause_of_a_503_has_one_line_a_second_and_their_number_is_limited(written: Written) -> None:
    """OP-09, LG-05."""
    for _ in range(3):
        for number in range(MAX_CAUSES + 5):
            cause = f"OperationalError {number} in users.GET"
            written.log.record(SecurityEvent.SERVICE_UNAVAILABLE, reason="storage_unavailable", cause=cause)
    assert len(written.lines) == MAX_CAUSES + 1
    written.lines.clear()
    written.reported()
    assert len(written.of(event=SUMMARY, suppressed="service_unavailable")) == MAX_CAUSES + 1
    (first,) = written.of(event=SUMMARY, cause="OperationalError 0 in users.GET")
    assert (first["reason"], first["count"]) == ("storage_unavailable", 2)
    (others,) = [line for line in written.lines if line.get("others")]
    assert others["count"] == 14
