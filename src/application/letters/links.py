"""Reads and uses the tokens in the links of letters."""

from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.storage import Storage, Transaction
from doorward.domain.accounts.user import User
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash


@final
@dataclass(frozen=True, slots=True)
class SpentLink:
    """A token that was used up, and the account that it was for."""

    user: User
    token: LinkToken


async def holder_of(storage: Storage, token_hash: LinkTokenHash, purpose: LinkPurpose, now: datetime) -> User | None:
    """Return the account for which the token is valid, without using it."""
    async with storage.reading() as reading:
        token = await reading.link_tokens.find(token_hash)
        user = await reading.users.get(token.user_id) if token else None
    return user if token and user and token.is_valid_for(purpose, user, now) else None


async def spend_link(
    tx: Transaction, token_hash: LinkTokenHash, purpose: LinkPurpose, holder: User, now: datetime
) -> SpentLink | None:
    """Use the token up. The account is held until the transaction ends. Return None if the token is not valid any more.
    Of several transactions that use one token, one succeeds."""
    user = await tx.users.lock(holder.id)
    token = await tx.link_tokens.find(token_hash)
    if user is None or token is None or not token.is_valid_for(purpose, user, now):
        return None
    return SpentLink(user, token) if await tx.link_tokens.spend(token_hash) else None
