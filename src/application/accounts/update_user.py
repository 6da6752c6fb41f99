from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.access.last_admin import refuse_last_admin, serialise_admin_changes
from doorward.application.accounts.any_profile import ANY_PROFILE
from doorward.application.accounts.replace_profile import replace_profile
from doorward.application.audit.account_change import account_changed, with_profile
from doorward.application.ports.clock import Clock
from doorward.application.ports.profiles import ProfileSchema
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.profile import ProfileChange
from doorward.domain.accounts.suspension import WITHOUT_END, Suspension
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.ids import UserId
from doorward.domain.letters.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanges:
    """What to change; None leaves a field as it is."""

    username: Username | None = None
    email: Email | None = None
    disabled: bool | None = None
    suspension: Suspension = WITHOUT_END
    """Why and until when, if the account is to be disabled. It takes the place of an earlier suspension."""
    locale: Language | None = None
    profile: ProfileChange | None = None


@final
@dataclass(frozen=True, slots=True)
class UpdateUser:
    """Changes the name, the email, the locale or the profile of an account, or disables or enables it. Disabling ends
    all its sessions, and lasts until the time that the administrator gave, if there is one."""

    storage: Storage
    log: SecurityLog
    clock: Clock
    schema: ProfileSchema = ANY_PROFILE

    async def __call__(self, user_id: UserId, changes: UserChanges, by: Actor) -> User:
        """Return the changed account. Raise AccountMissing, UsernameTaken, EmailTaken, InvalidProfile or
        LastAdmin."""
        if changes.profile and changes.profile.profile:
            self.schema.check(changes.profile.profile)
        user = await self._save(user_id, changes, by)
        self.log.record(
            SecurityEvent.USER_UPDATED,
            user_id=str(user_id),
            by=by.log_name,
            disabled=changes.disabled,
            until=changes.suspension.until.isoformat() if changes.suspension.until else None,
            renamed=changes.username is not None,
            email_changed=changes.email is not None,
            locale=changes.locale,
            profile_changed=changes.profile is not None or None,
        )
        return user

    @retried
    async def _save(self, user_id: UserId, changes: UserChanges, by: Actor) -> User:
        async with self.storage.transaction() as tx:
            if changes.disabled:
                await serialise_admin_changes(tx)
            user = await authorize_change_of(tx, user_id, by, self.log)
            now = self.clock.now()
            changed = apply(changes, user, now)
            if user.is_enabled_at(now) and not changed.is_enabled_at(now):
                await refuse_last_admin(tx, user, now)
            if changed != user:
                await tx.users.save(changed)
            entry = account_changed(user, changed, by)
            if changes.profile is not None:
                former = await replace_profile(tx, user_id, changes.profile)
                entry = with_profile(entry, former, changes.profile.profile)
            if changed.email != user.email:
                await tx.link_tokens.void(user_id)
                await tx.undo_links.void(user_id)
            if changed.epoch != user.epoch:
                await tx.sessions.end_all(user_id, changed.epoch)
            if changed != user or changes.profile is not None:
                await tx.audit.append(entry)
            return changed


def apply(changes: UserChanges, user: User, now: datetime) -> User:
    if changes.username is not None:
        user = user.with_username(changes.username)
    if changes.email is not None:
        user = user.with_email(changes.email)
    if changes.locale is not None:
        user = user.with_locale(changes.locale)
    if changes.disabled is False:
        return user.enabled()
    if changes.disabled:
        enabled = user.is_enabled_at(now)
        return user.disabled_now(changes.suspension) if enabled else user.disabled_still(changes.suspension)
    return user
