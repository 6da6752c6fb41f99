from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.accounts.replace_profile import replace_profile
from doorward.application.audit.account_change import account_changed, with_profile
from doorward.application.ports.profiles import ProfileSchema
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.profile import ProfileChange
from doorward.domain.letters.language import Language


@final
@dataclass(frozen=True, slots=True)
class UpdateOwnAccount:
    """Changes what the holder of an account may change without the password: the locale and the profile."""

    storage: Storage
    schema: ProfileSchema
    log: SecurityLog

    async def __call__(self, by: Principal, locale: Language | None, profile: ProfileChange | None) -> None:
        """None leaves a field as it is. Raise InvalidProfile or InvalidToken."""
        if profile and profile.profile:
            self.schema.check(profile.profile)
        await self._save(by, locale, profile)
        self.log.record(
            SecurityEvent.USER_UPDATED,
            user_id=str(by.user_id),
            by=by.log_name,
            locale=locale,
            profile_changed=profile is not None or None,
        )

    @retried
    async def _save(self, by: Principal, locale: Language | None, profile: ProfileChange | None) -> None:
        async with self.storage.transaction() as tx:
            user = await authorize_change_of(tx, by.user_id, by, self.log)
            changed = user if locale is None else user.with_locale(locale)
            entry = account_changed(user, changed, by)
            if changed != user:
                await tx.users.save(changed)
            if profile is not None:
                entry = with_profile(entry, await replace_profile(tx, by.user_id, profile), profile.profile)
            if changed != user or profile is not None:
                await tx.audit.append(entry)
