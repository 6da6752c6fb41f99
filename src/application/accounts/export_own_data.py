from dataclasses import dataclass
from typing import Final, final

from doorward.application.accounts.own_data import OwnData, own_entry
from doorward.application.audit.personal_values import personal_values
from doorward.application.ports.attempts import LoginHasher
from doorward.application.ports.audit import AuditQuery
from doorward.application.ports.storage import Storage
from doorward.domain.access.principal import Principal
from doorward.domain.audit.sealed_entry import AuditEntryId
from doorward.domain.errors import InvalidToken

MAX_LETTERS: Final = 1_000
MAX_AUDIT_ENTRIES: Final = 500


@final
@dataclass(frozen=True, slots=True)
class ExportOwnData:
    """Collects what is held about the account of a request. Nothing in it proves a password or a token."""

    storage: Storage
    logins: LoginHasher

    async def __call__(self, by: Principal, after: AuditEntryId | None = None) -> OwnData:
        """Return the data, with at most MAX_AUDIT_ENTRIES of the audit log, from the one before `after` on, and
        MAX_LETTERS letters of the last week. Raise InvalidToken if the account was just deleted."""
        async with self.storage.reading() as reading:
            user = await reading.users.get(by.user_id)
            if user is None:
                raise InvalidToken
            profile = await reading.profiles.of_user(user.id)
            sessions = await reading.sessions.of_user(user.id)
            letters = await reading.letters.of_user(user.id, MAX_LETTERS)
            link_tokens = await reading.link_tokens.of_user(user.id)
            attempts = await reading.attempts.of_logins([self.logins.hash(key) for key in user.login_keys])
            entries = await reading.audit.page(AuditQuery(account=user.id), after, MAX_AUDIT_ENTRIES + 1)
        shown = entries[:MAX_AUDIT_ENTRIES]
        parts = {
            "account": personal_values(user),
            "profile": None if profile is None else personal_values(profile),
            "sessions": [personal_values(session) for session in sessions],
            "letters": [personal_values(letter) for letter in letters],
            "linkTokens": [personal_values(token) for token in link_tokens],
            "attempts": [personal_values(key) | personal_values(count) for key, count in attempts],
            "audit": [own_entry(record, user.id) for record in shown],
        }
        return OwnData(parts=parts, after=shown[-1].sealed.id if len(entries) > len(shown) else None)
