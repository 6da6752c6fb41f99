"""A real SMTP server (aiosmtpd) that can be told how to answer, or not to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from support.http.letters import read


@dataclass
class MailServer:
    """What the server answers to a command, and what it took. `replies` maps commands (RCPT, DATA, MAIL) to replies;
    `hangs_at` and `drops_at` name the command that gets no answer, or after which the connection ends."""

    replies: dict[str, str] = field(default_factory=dict)
    hangs_at: str | None = None
    drops_at: str | None = None
    password: str | None = None
    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    was_encrypted: bool = False
    protocols: list[SMTP] = field(default_factory=list)

    async def answer(self, command: str, session: Session, good: str) -> str:
        self.was_encrypted = session.ssl is not None
        if self.hangs_at == command:
            await asyncio.Event().wait()
        if self.drops_at == command:
            cast("asyncio.Transport", self.protocols[-1].transport).abort()
            return "421 The connection is gone"
        return self.replies.get(command, good)

    async def handle_MAIL(  # noqa: N802 aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self.answer("MAIL", session, "250 OK")
        envelope.mail_from = address
        return reply

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self.answer("RCPT", session, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = await self.answer("DATA", session, "250 OK")
        if reply.startswith("250"):
            content = envelope.content
            self.taken.append(read(content if isinstance(content, bytes) else (content or "").encode()))
            self.recipients += envelope.rcpt_tos
        return reply

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return await self.answer("QUIT", session, "221 Bye")

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password.decode() == self.password, handled=False)


@asynccontextmanager
async def running(
    server: MailServer, *, starttls: ssl.SSLContext | None = None, implicit: ssl.SSLContext | None = None
) -> AsyncIterator[MailServer]:
    """Run the server on a free port of this machine."""

    def protocol() -> SMTP:
        server.connections += 1
        options: dict[str, Any] = {"hostname": "localhost", "tls_context": starttls}
        if server.password is not None:
            options |= {
                "authenticator": server.authenticate,
                "auth_required": True,
                "auth_require_tls": starttls is not None,
            }
        made = SMTP(server, loop=asyncio.get_running_loop(), require_starttls=starttls is not None, **options)
        server.protocols.append(made)
        return made

    listening = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", server.port, ssl=implicit)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for each in server.protocols:
            if each.transport is not None:
                cast("asyncio.Transport", each.transport).abort()
        tasks = [task for each in server.protocols if (task := each._handler_coroutine) is not None]  # noqa: SLF001
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()
