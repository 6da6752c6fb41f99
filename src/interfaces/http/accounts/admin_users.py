"""Routes by which admins manage accounts."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from dishka import FromDishka
from litestar import Controller, Response, delete, get, patch, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from doorward.application.accounts.create_user import CreateUser
from doorward.application.accounts.delete_user import DeleteUser
from doorward.application.accounts.find_profile import FindProfile
from doorward.application.accounts.find_user import FindUser
from doorward.application.accounts.list_users import ListUsers
from doorward.application.accounts.update_user import UpdateUser, UserChanges
from doorward.application.ports.clock import Clock
from doorward.domain.access.authorization_server import AuthorizationServer
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.listing import Listing, Sort
from doorward.domain.accounts.suspension import Suspension
from doorward.domain.accounts.username import Username
from doorward.domain.errors import (
    AccountMissing,
    EmailTaken,
    HashingBusy,
    InvalidAfter,
    InvalidEmail,
    InvalidLocale,
    InvalidProfile,
    InvalidReason,
    InvalidRoleName,
    InvalidUntil,
    InvalidUsername,
    LastAdmin,
    ListingRefused,
    PasswordBlocked,
    PasswordTooLong,
    PasswordTooShort,
    RoleMissing,
    RoleUnknown,
    UsernameTaken,
)
from doorward.domain.ids import UserId
from doorward.interfaces.http.accounts.list_parameters import AfterKey, PageSize, SortedBy, filters
from doorward.interfaces.http.accounts.user_view import UserDetails, UserView, user_details, user_view
from doorward.interfaces.http.errors.refusals import TooManyLargeAnswers
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.new_account import NewEmail, NewPassword, NewUsername
from doorward.interfaces.http.wire.profile import LocaleTag, ProfileMembers, new_locale, profile_change
from doorward.interfaces.http.wire.text_limits import EMAIL, MAX_ROLES, REASON, ROLE_NAME, USERNAME


class UserPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    users: list[UserView]
    after: Annotated[str | None, Meta(description="Send it as `after` to get the next page; null on the last page.")]


class NewUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A new account. Beside the role `user`, which each account has, it gets the given roles."""

    username: NewUsername
    email: NewEmail
    password: NewPassword
    roles: Annotated[
        list[Annotated[str, Meta(extra_json_schema=ROLE_NAME)]], Meta(max_length=MAX_ROLES, examples=[["moderator"]])
    ] = []


class UserPatch(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """The members to change. Members that are left out keep their values."""

    username: Annotated[str, Meta(extra_json_schema=USERNAME)] | UnsetType = UNSET
    email: Annotated[str, Meta(extra_json_schema=EMAIL)] | UnsetType = UNSET
    disabled: (
        Annotated[bool, Meta(description="True disables the account and ends all of its sessions.")] | UnsetType
    ) = UNSET
    reason: (
        Annotated[
            str,
            Meta(
                description="With `disabled: true`: why, in one line. Only admins see it.",
                examples=["Sent spam."],
                extra_json_schema=REASON,
            ),
        ]
        | UnsetType
    ) = UNSET
    until: (
        Annotated[
            datetime,
            Meta(tz=True, description="With `disabled: true`: when the account becomes enabled by itself."),
        ]
        | UnsetType
    ) = UNSET
    locale: LocaleTag | UnsetType = UNSET
    profile: ProfileMembers | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if self.disabled is not True and (self.reason is not UNSET or self.until is not UNSET):
            raise ValueError("Give reason and until only together with disabled: true.")


def user_changes(patch: UserPatch, now: datetime) -> UserChanges:
    """Return the changes, with values of the domain. Raise InvalidUsername, InvalidEmail, InvalidReason, InvalidUntil,
    InvalidLocale or InvalidProfile."""
    return UserChanges(
        username=None if patch.username is UNSET else Username.parse(patch.username),
        email=None if patch.email is UNSET else Email.parse(patch.email),
        disabled=None if patch.disabled is UNSET else patch.disabled,
        suspension=Suspension.parse(patch.reason or "", patch.until or None, now),
        locale=new_locale(patch.locale),
        profile=profile_change(patch.profile),
    )


class AdminUsersController(Controller):
    path = "/api/admin/users"
    tags = ("Administration: accounts",)
    opt = {"access": any_of(ADMIN), "refusals": (AccountMissing,)}  # noqa: RUF012

    @get(
        "/",
        operation_id="listUsers",
        summary="List accounts, page by page",
        dependencies={"filtered": Provide(filters, sync_to_thread=False)},
        opt={"refusals": (ListingRefused, InvalidAfter, InvalidRoleName, TooManyLargeAnswers)},
    )
    @inject
    async def list_users(
        self,
        users: FromDishka[ListUsers],
        clock: FromDishka[Clock],
        filtered: NamedDependency[Listing],
        sort_by: SortedBy = None,
        after: AfterKey = "",
        limit: PageSize = 50,
    ) -> UserPage:
        """Without a filter the order is by `username`, `email`, `createdAt` or `-createdAt`, which begins with the
        latest. One filter at a time is offered, each in its own order: `query` by username or email, `role` and
        `disabled=true` by `id`, and `deleted=true` by `-deletedAt`. Other combinations are refused, since no index
        serves them."""
        now = clock.now()
        found = await users(now, replace(filtered, sort=Sort(sort_by) if sort_by else None), after or None, limit)
        return UserPage(users=[user_view(user, now) for user in found.users], after=found.after)

    @post(
        "/",
        operation_id="createUser",
        summary="Create an account",
        response_headers=[
            ResponseHeader(name="Location", description="The address of the account.", documentation_only=True)
        ],
        opt={
            "refusals": (
                InvalidUsername,
                InvalidEmail,
                PasswordTooShort,
                PasswordTooLong,
                PasswordBlocked,
                InvalidRoleName,
                RoleUnknown,
                RoleMissing,
                UsernameTaken,
                EmailTaken,
                HashingBusy,
            )
        },
    )
    @inject
    async def create(
        self,
        data: JSONBody[NewUser],
        principal: NamedDependency[Principal],
        create: FromDishka[CreateUser],
        clock: FromDishka[Clock],
        server: FromDishka[AuthorizationServer],
    ) -> Response[UserDetails]:
        """Names that are reserved at sign-up are allowed. A role may be removed while the password is hashed: then the
        answer is 404, and no account is created."""
        now = clock.now()
        user = await create(data.username, data.email, data.password, now, by=principal, roles=data.roles)
        return Response(user_details(user, None, now), headers={"Location": f"{server.url}{self.path}/{user.id}"})

    @get("/{user_id:uuid}", operation_id="getUser", summary="Get one account")
    @inject
    async def get_user(
        self,
        user_id: FromPath[UUID],
        find: FromDishka[FindUser],
        profile_of: FromDishka[FindProfile],
        clock: FromDishka[Clock],
    ) -> UserDetails:
        return user_details(await find(UserId(user_id)), await profile_of(UserId(user_id)), clock.now())

    @patch(
        "/{user_id:uuid}",
        operation_id="updateUser",
        summary="Change, disable or enable an account",
        opt={
            "refusals": (
                AccountMissing,
                InvalidUsername,
                InvalidEmail,
                InvalidLocale,
                InvalidProfile,
                InvalidReason,
                InvalidUntil,
                UsernameTaken,
                EmailTaken,
                LastAdmin,
            )
        },
    )
    @inject
    async def update(
        self,
        user_id: FromPath[UUID],
        data: JSONBody[UserPatch],
        principal: NamedDependency[Principal],
        update: FromDishka[UpdateUser],
        profile_of: FromDishka[FindProfile],
        clock: FromDishka[Clock],
    ) -> UserDetails:
        """`disabled: true` takes the place of an earlier suspension, with its reason and its end. A suspension whose
        end has passed counts for nothing."""
        now = clock.now()
        user = await update(UserId(user_id), user_changes(data, now), by=principal)
        return user_details(user, await profile_of(user.id), now)

    @delete(
        "/{user_id:uuid}",
        operation_id="deleteUser",
        summary="Delete an account",
        opt={"refusals": (AccountMissing, LastAdmin)},
    )
    @inject
    async def remove(
        self, user_id: FromPath[UUID], principal: NamedDependency[Principal], remove: FromDishka[DeleteUser]
    ) -> None:
        """Its sessions end, its tokens are rejected, and it is found by its id only. Its name and email stay taken
        while it can be restored: for `DOORWARD_DELETED_ACCOUNTS_DAYS`, 30 by default. Then it is deleted for good."""
        await remove(UserId(user_id), by=principal)
