"""The URL of the mail server."""

from pathlib import Path

import pytest

from doorward.infrastructure.mail.smtp_url import MailTls, SmtpUrl
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.masking import masked_settings
from doorward.infrastructure.settings.start_refused import StartRefused


@pytest.mark.parametrize(
    ("raw", "host", "port", "tls"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587, MailTls.STARTTLS),
        ("smtp://mail.example.com:25", "mail.example.com", 25, MailTls.STARTTLS),
        ("smtp://mail.example.com:25?starttls=off", "mail.example.com", 25, MailTls.NONE),
        ("smtps://mail.example.com", "mail.example.com", 465, MailTls.IMPLICIT),
        ("smtps://127.0.0.1:2465/", "127.0.0.1", 2465, MailTls.IMPLICIT),
        ("smtp://localhost:1025", "localhost", 1025, MailTls.NONE),
        ("smtp://[::1]:1025", "::1", 1025, MailTls.NONE),
    ],
)
def test_host_port_and_tls_are_read(raw: str, host: str, port: int, tls: MailTls) -> None:
    url = SmtpUrl.parse(raw)
    assert (url.host, url.port, url.tls, url.user, url.password) == (host, port, tls, None, None)


def test_user_and_password_are_decoded_and_the_password_is_shown_nowhere() -> None:
    url = SmtpUrl.parse("smtps://ada%40example.com:p%40ss%3Aword%2F@mail.example.com")
    assert (url.user, url.password) == ("ada@example.com", "p@ss:word/")
    assert url.masked == "smtps://ada@example.com:***@mail.example.com:465"
    assert "p@ss" not in repr(url)


@pytest.mark.parametrize(
    "raw",
    [
        "mail.example.com:25",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com:port",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com/path",
        "smtp://mail.example.com?tls=off",
        "smtps://mail.example.com?starttls=off",
        "smtp://ada@mail.example.com",
        "smtp://ada:hunter2hunter2@mail.example.com?starttls=off",
        "smtp://ada:hunter2hunter2@ma il.example.com",
        "smtp://ada:[hunter2]@mail.example.com",
        "smtp://ada:hunter2[@mail.example.com",
        "smtp://ada:hunter2\uff20@mail.example.com",
        "smtp://ada:hunter2\u2100@mail.example.com",
    ],
)
def test_what_cannot_be_used_refuses_the_start_without_its_password(raw: str) -> None:
    with pytest.raises(StartRefused, match=r"^DOORWARD_SMTP_URL") as refused:
        load_settings({"DOORWARD_SMTP_URL": raw, "DOORWARD_MAIL_FROM": "noreply@example.com"})
    assert "hunter2" not in str(refused.value)


def test_a_mail_server_needs_a_sender() -> None:
    with pytest.raises(StartRefused, match="DOORWARD_MAIL_FROM"):
        load_settings({"DOORWARD_SMTP_URL": "smtp://mail.example.com"})


def test_the_shown_settings_hide_the_password() -> None:
    """LG-03."""
    given = {
        "DOORWARD_SMTP_URL": "smtp://ada:hunter2hunter2@mail.example.com",
        "DOORWARD_MAIL_FROM": "Example <noreply@example.com>",
    }
    settings = load_settings(given)
    assert "hunter2" not in repr(settings) + repr(masked_settings(settings))
    assert masked_settings(settings)["DOORWARD_SMTP_URL"] == "smtp://ada:***@mail.example.com:587"


def test_a_folder_of_templates_must_exist(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match=r"^DOORWARD_TEMPLATES"):
        load_settings({"DOORWARD_TEMPLATES": str(tmp_path / "missing")})
