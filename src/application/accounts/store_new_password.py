from datetime import datetime

from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.user import User
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import Letter, LetterKind


async def store_new_password(tx: Transaction, changed: User, language: Language | None, now: datetime) -> None:
    """Save an account that has another password. The links of its letters become void, and a letter tells its holder.

    The caller holds the account, and ends its sessions: which of them end differs.
    """
    await tx.users.save(changed)
    await tx.link_tokens.void(changed.id)
    await tx.letters.add(Letter.to_holder(LetterKind.PASSWORD_CHANGED, changed, language, now))
