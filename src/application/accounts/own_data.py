"""What is held about the holder of an account, in the form in which the holder gets it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from doorward.application.audit.personal_values import is_held, notes_of, personal_values
from doorward.application.ports.audit import AuditRecord
from doorward.domain.accounts.attempts import AttemptCount, AttemptKey
from doorward.domain.accounts.profile import Profile
from doorward.domain.accounts.user import User
from doorward.domain.audit.sealed_entry import AuditEntryId, SealedEntry
from doorward.domain.ids import UserId
from doorward.domain.letters.letter import Letter
from doorward.domain.letters.link_token import LinkToken
from doorward.domain.personal_data import Held, HeldBack
from doorward.domain.sessions.session import Session

KINDS: Final[Mapping[str, Sequence[type[Any]]]] = {
    "account": (User,),
    "profile": (Profile,),
    "sessions": (Session,),
    "letters": (Letter,),
    "linkTokens": (LinkToken,),
    "attempts": (AttemptKey, AttemptCount),
    "audit": (SealedEntry, AuditRecord),
}
"""The entities of each part, by the names that JSON has."""

HELD_BACK: Final[Mapping[str, str]] = {
    "signInCodes": "A code to sign in is kept as a keyed hash for ten minutes. Its letter is among the letters.",
    "changes": "A list for the nodes of the service names accounts that changed. The audit entries say how.",
    "auditKey": "A random key seals what identifies you in the audit log. It is deleted with the account.",
    "auditOfOthers": "What you changed of other accounts, as an administrator, tells about them.",
    "adoptions": "A list of accounts from another system says which came already. Your account shows its id there.",
    "knownAgents": "The kinds of programs that signed you in. They would tell a thief how to avoid a letter to you.",
    "undoLinks": "A link that undoes a change is kept as a hash for a week. The audit entries show the address.",
    "invitations": "An invitation is kept for an address, until it is accepted or removed or has expired.",
    "rolesGrantedAt": "The audit entries say when a role was granted.",
}
"""What else is held, and why it is not shown."""

ADMINISTRATOR: Final = "administrator"
"""Stands for another account that made a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnData:
    parts: Mapping[str, Any]
    """What is held, by the names of KINDS."""
    after: AuditEntryId | None
    """Where the next audit entries begin; None if these are all."""


def held_fields() -> Mapping[str, Mapping[str, Held]]:
    """Return the purpose and the retention of each field that is shown, by part."""
    return {
        part: {name: about for kind in kinds for name, about in notes_of(kind).items() if isinstance(about, Held)}
        for part, kinds in KINDS.items()
    }


def held_back_fields() -> Mapping[str, Mapping[str, str]]:
    """Return the reason of each field that is not shown, by part, and of what is held beside the parts."""
    fields = {
        part: {
            name: about.reason
            for kind in kinds
            for name, about in notes_of(kind).items()
            if isinstance(about, HeldBack)
        }
        for part, kinds in KINDS.items()
    }
    return {part: reasons for part, reasons in fields.items() if reasons} | {"others": HELD_BACK}


def own_entry(record: AuditRecord, user_id: UserId) -> dict[str, Any]:
    """Return an audit entry as the holder of the account sees it: without what identifies an administrator, and without
    what administrators write for each other."""
    shown = personal_values(record.sealed) | personal_values(record)
    if is_another_account(record.sealed.actor, user_id):
        shown |= {"actor": ADMINISTRATOR, "sessionId": None, "address": None}
    for name, about in notes_of(User).items():
        if not is_held(about):
            shown |= {"before": without(shown["before"], name), "after": without(shown["after"], name)}
    return shown


def is_another_account(actor: str, user_id: UserId) -> bool:
    try:
        return UUID(actor) != user_id
    except ValueError:
        return False


def without(values: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the values without that member, which may be a member of a member."""
    name, _, inner = path.partition(".")
    kept = {key: value for key, value in values.items() if key != name or inner}
    if isinstance(kept.get(name), Mapping):
        kept[name] = without(kept[name], inner)
    return kept
