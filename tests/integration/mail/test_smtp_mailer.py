"""Letters by SMTP, to a real server that accepts, refuses, hangs and drops the connection."""

import socket
import ssl
from pathlib import Path

import pytest

from doorward.application.letters.letter_sender import LetterSender
from doorward.domain.errors import LetterUndelivered
from doorward.domain.letters.letter import Letter, LetterKind, LetterState
from doorward.infrastructure.mail import smtp_mailer
from doorward.infrastructure.mail.links import Links
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.mail.smtp_mailer import SmtpMailer
from doorward.infrastructure.mail.smtp_url import SmtpUrl
from doorward.infrastructure.mail.templates import LetterTemplates
from doorward.testing.builders import letter_contents
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.house import House
from support.http import tls_proxy
from support.http.letters import link_of
from support.mail_server import MailServer, running

LINKS = Links("https://auth.example.com")
PATIENCE_SECONDS = 60.0
"""Longer than any answer of a server on this machine takes."""

SHORT_SECONDS = 0.2
"""For servers that never answer."""


def mailer(server: MailServer, options: str = "", seconds: float = PATIENCE_SECONDS, who: str = "") -> SmtpMailer:
    url = SmtpUrl.parse(f"smtp{options}://{who}localhost:{server.port}")
    sender = Sender.parse("Example <noreply@example.com>")
    return SmtpMailer(LetterTemplates(LINKS), sender, url, LINKS.own_name, seconds)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate for localhost and its key."""
    return tls_proxy.certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The context of a server whose certificate this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with running(MailServer()) as server:
        letter = letter_contents()
        await mailer(server).send(letter)
        (taken,) = server.taken
    assert server.recipients == ["ada@example.org"]
    assert (taken["From"], taken["To"]) == ("Example <noreply@example.com>", "ada@example.org")
    assert taken["Subject"] == "Choose a new password for auth.example.com"
    assert taken["Message-ID"] == f"<{letter.letter_id}@example.com>"
    assert link_of(taken) == ("https://auth.example.com/reset-password", "T" * 43)


@pytest.mark.parametrize(
    ("command", "reply", "final", "text"),
    [
        ("RCPT", "450 Mailbox busy ada@example.org", False, "the mail server refused the recipient (450)"),
        ("RCPT", "550 No such user ada@example.org", True, "the mail server refused the recipient (550)"),
        ("DATA", "451 Local error", False, "the mail server refused the message (451)"),
        ("DATA", "554 Looks like spam", True, "the mail server refused the message (554)"),
        ("MAIL", "451 Try again", False, "the mail server refused the sender (451)"),
        ("MAIL", "553 Not your address", False, "the mail server refused the sender (553)"),
    ],
)
async def test_a_refusal_is_final_if_the_recipient_or_the_message_is_refused_for_good(
    command: str, reply: str, final: bool, text: str
) -> None:
    """F-37: and it names the code, not what the server wrote."""
    async with running(MailServer(replies={command: reply})) as server:
        with pytest.raises(LetterUndelivered) as refused:
            await mailer(server).send(letter_contents())
    assert (str(refused.value), refused.value.final) == (text, final)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_server_that_hangs_is_left_after_the_time_limit(command: str) -> None:
    """F-37."""
    async with running(MailServer(hangs_at=command)) as server:
        with pytest.raises(LetterUndelivered, match="did not answer in time") as refused:
            await mailer(server, seconds=SHORT_SECONDS).send(letter_contents())
    assert not refused.value.final


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_dropped_connection_is_a_failure_that_may_pass(command: str) -> None:
    """F-37."""
    async with running(MailServer(drops_at=command)) as server:
        with pytest.raises(LetterUndelivered) as refused:
            await mailer(server).send(letter_contents())
    assert not refused.value.final


@pytest.mark.parametrize("at_the_end", [{"drops_at": "QUIT"}, {"hangs_at": "QUIT"}, {"replies": {"QUIT": "421 Busy"}}])
async def test_a_letter_that_was_accepted_is_sent_whatever_happens_afterwards(
    at_the_end: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_mailer, "QUIT_SECONDS", SHORT_SECONDS)
    async with running(MailServer(**at_the_end)) as server:  # type: ignore[arg-type]
        await mailer(server).send(letter_contents())
        assert len(server.taken) == 1


async def test_a_server_that_is_away_is_a_failure_that_may_pass() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(LetterUndelivered, match="cannot be reached") as refused:
            await mailer(MailServer(port=taken.getsockname()[1])).send(letter_contents())
    assert not refused.value.final


async def test_a_server_that_accepts_connections_and_says_nothing_is_left() -> None:
    """F-37: as a process that is stopped."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(LetterUndelivered, match="did not answer in time"),
    ):
        await mailer(MailServer(port=silent.getsockname()[1]), seconds=SHORT_SECONDS).send(letter_contents())


async def test_implicit_tls_and_a_login(tls: ssl.SSLContext) -> None:
    async with running(MailServer(), implicit=tls) as server:
        await mailer(server, "s").send(letter_contents())
    assert len(server.taken) == 1


@pytest.mark.parametrize(("given", "arrives"), [("p%40ss", True), ("wrong", False)])
async def test_starttls_and_a_login(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, given: str, arrives: bool
) -> None:
    monkeypatch.setattr("doorward.infrastructure.mail.smtp_url.is_loopback", lambda _: False)
    async with running(MailServer(password="p@ss"), starttls=tls) as server:
        letters = mailer(server, who=f"ada:{given}@")
        if arrives:
            await letters.send(letter_contents())
            assert server.was_encrypted
        else:
            with pytest.raises(LetterUndelivered, match=r"refused the user or the password \(535\)$") as refused:
                await letters.send(letter_contents())
            assert not refused.value.final
    assert len(server.taken) == arrives


async def test_a_server_without_starttls_gets_no_letter_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody on the way could have removed the offer."""
    monkeypatch.setattr("doorward.infrastructure.mail.smtp_url.is_loopback", lambda _: False)
    async with running(MailServer()) as server:
        with pytest.raises(LetterUndelivered, match="does not offer STARTTLS"):
            await mailer(server, who="ada:secret@").send(letter_contents())
    assert server.taken == []


async def test_a_certificate_that_nobody_trusts_is_refused(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with running(MailServer(), implicit=context) as server:
        with pytest.raises(LetterUndelivered, match="certificate must be valid"):
            await mailer(server, "s").send(letter_contents())
    assert server.taken == []


async def test_the_outbox_outlasts_a_server_that_is_away_and_sends_each_letter_once() -> None:
    """F-37: 451 first, then silence, then success."""
    house = House()
    ada = await house.with_user("ada")
    letter = Letter.to_holder(LetterKind.PASSWORD_CHANGED, ada, "en", NOON)
    await put(house.storage, letter)
    async with running(MailServer(replies={"DATA": "451 Later"})) as server:
        slow = mailer(server, seconds=SHORT_SECONDS)
        sender = LetterSender(house.storage, house.prepare, slow, house.clock, house.log)
        for trouble in ({"replies": {"DATA": "451 Later"}}, {"hangs_at": "RCPT"}, {"drops_at": "DATA"}):
            server.replies, server.hangs_at, server.drops_at = {}, None, None
            for name, value in trouble.items():
                setattr(server, name, value)
            assert await sender.once() == 1
            house.clock.move(600)
        server.replies, server.hangs_at, server.drops_at = {}, None, None
        await sender.once()
        await sender.once()
        assert [taken["Message-ID"] for taken in server.taken] == [f"<{letter.id}@example.com>"]
    stored = house.database.tables.letters[letter.id]
    assert (stored.state, stored.attempts) == (LetterState.SENT, 4)
