import secrets

from structlog.testing import capture_logs

from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import MAX_LINES_PER_SECOND, SecurityEvent
from doorward.infrastructure.container import make_container
from doorward.infrastructure.settings.loading import load_settings


async def test_what_is_left_out_in_the_last_second_is_reported_when_the_service_stops() -> None:
    """LG-05."""
    guesses = 3 * MAX_LINES_PER_SECOND
    with capture_logs() as lines:
        container = make_container(load_settings({"DOORWARD_SECRET_KEY": secrets.token_urlsafe(32)}))
        log = await container.get(SecurityLog)
        for _ in range(guesses):
            log.record(SecurityEvent.AUTHN_LOGIN_FAIL, login="ada", reason="wrong_password", user_id="ada")
        await container.close()
    assert sum(line.get("count", 1) for line in lines) == guesses
    assert lines[-1]["event"] == "log_events_suppressed"
