"""Converts between accounts and their rows."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from doorward.domain.access.decision import Access
from doorward.domain.access.role import RoleName
from doorward.domain.accounts.alias import Alias
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.suspension import Suspension
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.ids import UserId
from doorward.domain.letters.language import is_language
from doorward.infrastructure.sql.connection import SqlRow
from doorward.infrastructure.sql.types import key_text

NO_ADDRESS = "NONE:"
"""Stands before the id of an account without an address, in the place of the key of its address. Keys of addresses have
no capitals, so nobody can type it. The columns are not nullable, because the version before reads them, too."""


def to_row(user: User) -> dict[str, Any]:
    """The columns that `save` writes. The id and the time of creation never change."""
    return {
        "username": user.username.value,
        "username_key": user.username.key,
        "email": user.email.value if user.email else "",
        "email_key": user.email.key if user.email else f"{NO_ADDRESS}{user.id}",
        "password_hash": user.password_hash,
        "disabled": user.suspension is not None,
        "disabled_until": user.suspension.until if user.suspension else None,
        "deleted_at": user.deleted_at,
        "disabled_reason": user.suspension.reason if user.suspension else "",
        "epoch": user.epoch,
        "version": user.version,
        "alias": user.alias.value if user.alias else None,
        "alias_key": user.alias.key if user.alias else None,
        "external_id": user.external_id,
        "email_verified_at": user.email_verified_at,
        "locale": user.locale,
    }


def to_new_row(user: User) -> dict[str, Any]:
    return to_row(user) | {"id": user.id, "created_at": user.created_at}


def to_users(rows: Sequence[SqlRow]) -> Iterator[User]:
    """Build an account from each group of adjacent rows with the same id, which differ in the role."""
    for _, group in groupby(rows, key=lambda row: row.id):
        first, *more = group
        yield User(
            id=first.id,
            username=Username(first.username, first.username_key),
            email=Email(first.email, first.email_key) if first.email else None,
            password_hash=PasswordHash(first.password_hash),
            roles=to_roles((first, *more)),
            suspension=to_suspension(first),
            deleted_at=first.deleted_at,
            epoch=first.epoch,
            version=first.version,
            created_at=first.created_at,
            alias=None if first.alias is None else Alias(first.alias, first.alias_key),
            external_id=first.external_id,
            email_verified_at=first.email_verified_at,
            locale=first.locale if is_language(first.locale) else None,
        )


def to_suspension(row: SqlRow) -> Suspension | None:
    return Suspension(reason=row.disabled_reason, until=row.disabled_until) if row.disabled else None


def to_access(rows: Sequence[SqlRow], asked: Iterable[UserId]) -> Iterator[Access]:
    """Build the access of accounts. Accounts with the same roles share a set, since this runs every few seconds."""
    ids = {user_id.bytes: user_id for user_id in asked}
    known: dict[tuple[str | bytes | None, ...], frozenset[RoleName]] = {}
    for stored_id, group in groupby(rows, key=itemgetter(0)):
        first, *more = group
        stored = (first.role, *[row.role for row in more])
        held = known.get(stored)
        if held is None:
            held = known[stored] = frozenset(RoleName(key_text(role)) for role in stored if role is not None)
        yield Access(
            user_id=ids[stored_id],
            username=first.username,
            roles=held,
            disabled=bool(first.disabled),
            disabled_until=first.disabled_until,
            epoch=first.epoch,
        )


def to_roles(rows: Iterable[SqlRow]) -> frozenset[RoleName]:
    return frozenset(RoleName(row.role) for row in rows if row.role is not None)
