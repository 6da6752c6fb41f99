from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.access.define_role import role_values
from doorward.application.adoption.judgement import Judgement
from doorward.application.adoption.names_in_use import NamesInUse
from doorward.application.adoption.plan import AdoptionPlan
from doorward.application.adoption.report import AdoptionProgress, AdoptionReport
from doorward.application.adoption.wishes import Wishes
from doorward.application.audit.account_change import account_created
from doorward.application.ports.adoption import AccountSource
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import OPERATOR, Operator
from doorward.domain.access.role import Role, RoleName, parse_role_name
from doorward.domain.accounts.user import User
from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.domain.adoption.wanted_name import plain_form
from doorward.domain.errors import AdoptionRefused, InvalidRoleName
from doorward.domain.ids import UserId, uuid7

MAX_ROLE_NAME_CHARACTERS = 64

OnProgress = Callable[[AdoptionProgress], None]


@final
@dataclass(frozen=True, slots=True)
class AdoptAccounts:
    """Adopts the accounts of another system, with the hashes of their passwords.

    All accounts are looked at before the first one comes. Those that cannot come are reported, and the others come. An
    adoption can be repeated at any time: whoever came before is left alone, and the others come.
    """

    storage: Storage
    hasher: PasswordHasher
    log: SecurityLog

    async def __call__(
        self,
        source: AccountSource,
        wishes: Wishes,
        now: datetime,
        *,
        by: Operator,
        dry_run: bool = False,
        on_progress: OnProgress = lambda _: None,
    ) -> AdoptionReport:
        """Return what was done, or with `dry_run` what would be done. Raise AdoptionRefused when nothing was changed.

        `on_progress` is called after each part of the accounts. If the storage refuses while accounts are added, the
        parts before stay in the database.
        """
        total = await source.count()
        plan = AdoptionPlan(Judgement(self.hasher), wishes, role_names(await source.roles()), NamesInUse(self.storage))
        async for batch in source.batches():
            await plan.add(batch, await self._known(source, batch))
            on_progress(AdoptionProgress(total, checked=plan.report.total))
        await plan.settle()
        plan.report.new_roles = await self._new_roles(plan.roles.values())
        if not dry_run:
            await self._adopt(source, plan, now, by, on_progress)
        return plan.report

    async def _adopt(
        self, source: AccountSource, plan: AdoptionPlan, now: datetime, by: Operator, on_progress: OnProgress
    ) -> None:
        report, event = plan.report, SecurityEvent.USERS_IMPORT_FAILED
        try:
            await self._add_roles(source.name, report.new_roles, now)
            moment = now
            async for batch in source.batches():
                moment += timedelta(milliseconds=1)  # so that the ids grow from batch to batch, too
                known = await self._known(source, batch)
                users = accounts([each for each in batch if each.external_id not in known], plan, moment)
                if users:
                    await self._add(source.name, users)
                report.adopted += len(users)
                on_progress(AdoptionProgress(report.total, report.total, report.adopted))
            event = SecurityEvent.USERS_IMPORTED
        finally:
            self.log.record(event, by=by.log_name, source=source.name, imported=report.adopted, skipped=report.already)

    async def _known(self, source: AccountSource, batch: Sequence[ForeignAccount]) -> frozenset[str]:
        """Return which of the accounts came before."""
        async with self.storage.reading() as reading:
            return await reading.adoptions.known(source.name, [each.external_id for each in batch])

    async def _new_roles(self, names: Iterable[RoleName]) -> list[str]:
        async with self.storage.reading() as reading:
            present = {role.name for role in await reading.roles.all()}
        return sorted(set(names) - present)

    @retried
    async def _add_roles(self, source: str, names: Iterable[str], now: datetime) -> None:
        async with self.storage.transaction() as tx:
            for name in names:
                role = Role(name=RoleName(name), description=f"Adopted from {source}.", created_at=now)
                await tx.roles.put(role)
                event = SecurityEvent.AUTHZ_ADMIN
                await tx.audit.append(AuditEntry(event=event, by=OPERATOR, after=role_values(role)))

    @retried
    async def _add(self, source: str, users: Sequence[User]) -> None:
        async with self.storage.transaction() as tx:
            await tx.users.add_all(users)
            await tx.adoptions.add_all(source, [user.external_id for user in users if user.external_id is not None])
            await tx.audit.append(*(account_created(user, OPERATOR) for user in users))


def accounts(batch: Sequence[ForeignAccount], plan: AdoptionPlan, moment: datetime) -> list[User]:
    """Return the accounts of a part that come."""
    ids = sorted(UserId(uuid7(moment)) for _ in batch)
    found = [(user_id, plan.coming(foreign)) for user_id, foreign in zip(ids, batch, strict=True)]
    return [each[0].account(user_id, each[1], plan.roles, moment) for user_id, each in found if each is not None]


def role_names(names: Iterable[str]) -> Mapping[str, RoleName]:
    """Return the role here of each role there. Raise AdoptionRefused for two that would become the same, because an
    account would get rights that it did not have."""
    found: dict[str, RoleName] = {}
    for name in names:
        try:
            role = parse_role_name(name)
        except InvalidRoleName:
            role = plain_role_name(name)
        for other, same in found.items():
            if same == role:
                raise AdoptionRefused(
                    f"The roles {other} and {name} would both become {role}; rename one of them there."
                )
        found[name] = role
    return found


def plain_role_name(name: str) -> RoleName:
    """Return the name in the alphabet of roles, such as `site-editors` for `Site Editors`. Raise AdoptionRefused."""
    try:
        return parse_role_name(plain_form(name, MAX_ROLE_NAME_CHARACTERS))
    except InvalidRoleName as error:
        raise AdoptionRefused(f"The role {name} has no name that could be used here; rename it there.") from error
