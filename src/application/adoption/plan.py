"""Decides of all accounts of another system which of them come, and under which names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import final

from doorward.application.accounts.account_entries import batches
from doorward.application.adoption.judgement import Candidate, Judgement
from doorward.application.adoption.names_in_use import NamesInUse
from doorward.application.adoption.report import AdoptionReport, Refused, Renamed
from doorward.application.adoption.wishes import NO_WISH, Wishes
from doorward.domain.access.role import ADMIN, RoleName
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.username import Username
from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.domain.errors import AdoptionRefused, Invalid

MAX_SHOWN_IDS = 5
DERIVED_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Unnamed:
    """An account that comes, and whose username is still to be derived."""

    external_id: str
    base: str
    before: str
    """Its name in the other system; empty if it had none."""


@dataclass(frozen=True, slots=True)
class Collision:
    """An account whose name somebody else has. What is proposed instead is derived at the end."""

    foreign: ForeignAccount
    holder: str
    base: str


@final
@dataclass(slots=True)
class AdoptionPlan:
    """The decisions about one source.

    First every account is looked at. Then `settle` derives the usernames of those that have none: whoever has a name
    in the other system keeps it before anybody gets a derived one.
    """

    judgement: Judgement
    wishes: Wishes
    roles: Mapping[str, RoleName]
    names: NamesInUse
    report: AdoptionReport = field(default_factory=AdoptionReport)
    _derived: dict[str, Username] = field(default_factory=dict)
    """The derived usernames, by the ids that the accounts have in the other system, as in all that follows."""
    _unnamed: list[Unnamed] = field(default_factory=list)
    _collisions: list[Collision] = field(default_factory=list)
    _admins: list[tuple[str, str]] = field(default_factory=list)
    """The id and the username, which may still be empty, of those who come as admins."""
    _stay: set[str] = field(default_factory=set)
    _without_alias: set[str] = field(default_factory=set)
    """Accounts whose alias somebody else has, and that come under a name that the map gives them."""
    _found_wishes: set[str] = field(default_factory=set)

    async def add(self, batch: Sequence[ForeignAccount], known: frozenset[str]) -> None:
        """Decide about a part of the accounts. Those whose ids are `known` came before."""
        self.report.total += len(batch)
        self.report.already += len(known)
        self._found_wishes.update(foreign.external_id for foreign in batch if foreign.external_id in self.wishes)
        fresh = [foreign for foreign in batch if foreign.external_id not in known]
        candidates = [candidate for foreign in fresh if (candidate := self._judged(foreign))]
        await self.names.look_up(
            [each.name.username.key for each in candidates if each.name.username],
            [each.email.key for each in candidates if each.email],
            [each.name.alias.key for each in candidates if each.name.alias],
        )
        for candidate in candidates:
            self._decide(candidate)

    async def settle(self) -> None:
        """Derive the usernames that are missing. Raise AdoptionRefused if the map names accounts that do not exist."""
        if unknown := sorted(self.wishes.keys() - self._found_wishes):
            shown = ", ".join(islice(unknown, MAX_SHOWN_IDS))
            raise AdoptionRefused(f"The map names ids that the source does not have: {shown}. Nothing was changed.")
        for part in batches(self._unnamed, DERIVED_TOGETHER):
            await self.names.look_up_derived((each.base, each.external_id) for each in part)
        for each in self._unnamed:
            name = await self.names.free_username(each.base, each.external_id)
            self.names.take(each.before or name.value, name.key)
            self._derived[each.external_id] = name
            if each.before:
                self._rename(each.external_id, each.before, name, signs_in=True)
        for collision in self._collisions:
            name = await self.names.free_username(collision.base, collision.foreign.external_id)
            self.names.take(collision.foreign.shown, name.key)
            self._refuse(collision.foreign, f"Its name is that of {collision.holder}.", {"username": name.value})
        named = {external_id: name.value for external_id, name in self._derived.items()}
        self.report.admins += [username or named[external_id] for external_id, username in self._admins]

    def coming(self, foreign: ForeignAccount) -> tuple[Candidate, Username] | None:
        """Return the account and its username, as they were decided; None if it does not come."""
        if foreign.external_id in self._stay:
            return None
        candidate = self.judgement.candidate(foreign, self.wishes.get(foreign.external_id, NO_WISH))
        if foreign.external_id in self._without_alias:
            candidate = replace(candidate, name=replace(candidate.name, alias=None))
        return candidate, candidate.name.username or self._derived[foreign.external_id]

    def _judged(self, foreign: ForeignAccount) -> Candidate | None:
        wish = self.wishes.get(foreign.external_id, NO_WISH)
        if wish.leave:
            self.report.left += 1
            self._stay.add(foreign.external_id)
            return None
        try:
            return self.judgement.candidate(foreign, wish)
        except Invalid as error:
            self._refuse(foreign, str(error))
            return None

    def _decide(self, candidate: Candidate) -> None:
        """Refuse the account if somebody has its names; otherwise it has them from now on."""
        foreign, name, email = candidate.foreign, candidate.name, candidate.email
        if name.username and (holder := self.names.holder(name.username.key)):
            self._collide(foreign, holder, name.username.value)
            return
        if name.alias and (holder := self.names.holder(name.alias.key)):
            if name.username is None:
                self._collide(foreign, holder, name.base)
                return
            self._without_alias.add(foreign.external_id)
            candidate = replace(candidate, name=replace(name, alias=None))
        if email and (holder := self.names.holder(email.key)):
            has_name = bool(foreign.username and foreign.username.strip())
            self._refuse(foreign, f"Its address is that of {holder}.", {"email": None} if has_name else None)
            return
        self.names.take(f"{foreign.shown} ({foreign.external_id})", *candidate.keys)
        self._note(candidate)

    def _note(self, candidate: Candidate) -> None:
        """Write down what is worth saying of an account that comes."""
        foreign, username = candidate.foreign, candidate.name.username
        before = (foreign.username or "").strip()
        self.report.coming += 1
        if username is None:
            self._unnamed.append(Unnamed(foreign.external_id, candidate.name.base, before))
        elif before and before != username.value:
            self._rename(foreign.external_id, before, username, signs_in=login_key(before) in candidate.keys)
        if candidate.no_address:
            self.report.without_address[foreign.shown] = candidate.no_address
        if any(self.roles[role] == ADMIN for role in foreign.roles):
            self._admins.append((foreign.external_id, username.value if username else ""))

    def _rename(self, external_id: str, before: str, name: Username, *, signs_in: bool) -> None:
        self.report.renamed.append(
            Renamed(external_id=external_id, before=before, username=name.value, signs_in_as_before=signs_in)
        )

    def _collide(self, foreign: ForeignAccount, holder: str, base: str) -> None:
        self._stay.add(foreign.external_id)
        self._collisions.append(Collision(foreign, holder, base))

    def _refuse(self, foreign: ForeignAccount, reason: str, proposal: Mapping[str, str | None] | None = None) -> None:
        self._stay.add(foreign.external_id)
        self.report.refused.append(
            Refused(
                external_id=foreign.external_id,
                shown=foreign.shown,
                reason=reason,
                proposal=None if proposal is None else {"id": foreign.external_id, **proposal},
            )
        )
