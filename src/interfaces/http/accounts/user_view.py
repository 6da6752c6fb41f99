"""Accounts as admins see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from doorward.domain.accounts.profile import Profile
from doorward.domain.accounts.user import User
from doorward.interfaces.http.wire.adopted import ALIAS, EXTERNAL_ID
from doorward.interfaces.http.wire.profile import ProfileMembers, profile_view


class UserView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An account as admins see it."""

    id: UUID
    username: str
    email: str | None
    roles: Annotated[list[str], Meta(examples=[["admin", "user"]])]
    disabled: bool
    reason: Annotated[str | None, Meta(description="Why the account is disabled, as an admin wrote it.")]
    until: Annotated[datetime, Meta(tz=True, description="When the disabled account becomes enabled by itself.")] | None
    email_verified: bool
    created_at: Annotated[datetime, Meta(tz=True)]
    alias: Annotated[str, Meta(description=ALIAS)] | UnsetType = UNSET
    external_id: Annotated[str, Meta(description=EXTERNAL_ID)] | UnsetType = UNSET
    locale: Annotated[str | None, Meta(description="The language of letters.", examples=["de"])]
    deleted_at: (
        Annotated[datetime, Meta(tz=True, description="When the account was deleted, if it can be restored.")] | None
    )


class UserDetails(UserView, frozen=True, kw_only=True, rename="camel"):
    """An account as admins see it, with its profile. Lists leave the profile out."""

    profile: ProfileMembers | None


def user_view(user: User, now: datetime) -> UserView:
    """Return an account as admins see it at that time."""
    suspension = user.suspension_at(now)
    return UserView(
        id=user.id,
        username=user.username.value,
        email=user.address,
        roles=sorted(user.roles),
        disabled=suspension is not None,
        reason=suspension.reason or None if suspension else None,
        until=suspension.until if suspension else None,
        email_verified=user.email_verified,
        created_at=user.created_at,
        alias=user.alias.value if user.alias else UNSET,
        external_id=UNSET if user.external_id is None else user.external_id,
        locale=user.locale,
        deleted_at=user.deleted_at,
    )


def user_details(user: User, profile: Profile | None, now: datetime) -> UserDetails:
    """Return an account as admins see it at that time, with its profile."""
    return UserDetails(**msgspec.structs.asdict(user_view(user, now)), profile=profile_view(profile))
