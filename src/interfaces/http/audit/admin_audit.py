"""The route by which admins read the audit log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from dishka import FromDishka
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from doorward.application.audit.list_audit import MAX_PAGE_SIZE, ListAudit
from doorward.application.ports.audit import AuditQuery, AuditRecord
from doorward.domain.access.decision import any_of
from doorward.domain.access.role import ADMIN
from doorward.domain.audit.sealed_entry import SERVICE_STREAM, AuditEntryId
from doorward.domain.ids import UserId
from doorward.interfaces.http.errors.refusals import TooManyLargeAnswers
from doorward.interfaces.http.security.injection import inject

ACTOR = r"^[A-Za-z0-9_-]{1,64}$(?!\n)"
EVENT = r"^[a-z0-9_]{1,64}$(?!\n)"

Account = Annotated[UUID | None, QueryParameter(description="Only entries about this account.")]
Actor = Annotated[
    str | None,
    QueryParameter(
        pattern=ACTOR, description="Only changes by this account or service, or by `operator`, `system` or `visitor`."
    ),
]
Event = Annotated[str | None, QueryParameter(pattern=EVENT, description="Only this event, such as `user_created`.")]
After = Annotated[UUID | None, QueryParameter(description="The `after` of the page before.")]
PageSize = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE_SIZE)]


class AuditEntryView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of the audit log."""

    id: UUID
    at: Annotated[datetime, Meta(tz=True)]
    event: Annotated[str, Meta(examples=["user_updated"])]
    account: Annotated[
        UUID | None, Meta(description="The account that was changed; null for roles, services and signing keys.")
    ]
    actor: Annotated[
        str, Meta(description="The id of an account or of a service, or `operator`, `system` or `visitor`.")
    ]
    session: Annotated[UUID | None, Meta(description="The session of the actor, if there was one.")]
    address: Annotated[str | None, Meta(description="The client's IP address, if it is known.", examples=["192.0.2.7"])]
    before: Annotated[dict[str, Any], Meta(description="The values that were changed, as they were.")]
    after: Annotated[dict[str, Any], Meta(description="The values that were changed, as they became.")]
    erased: Annotated[
        bool, Meta(description="True if values or the address cannot be read any more, since an account was deleted.")
    ]
    number: Annotated[int, Meta(description="The number of the entry in the chain of its account.")]
    hash: Annotated[str, Meta(description="The SHA-256 hash that chains the entry to the one before, in hex.")]


class AuditList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    entries: list[AuditEntryView]
    after: Annotated[UUID | None, Meta(description="Send it as `after` to get the next page; null on the last page.")]


def audit_entry_view(record: AuditRecord) -> AuditEntryView:
    """Return an entry as admins and the holder of the account see it."""
    entry = record.sealed
    return AuditEntryView(
        id=entry.id,
        at=entry.at,
        event=entry.event,
        account=None if entry.stream == SERVICE_STREAM else entry.stream,
        actor=entry.actor,
        session=entry.session_id,
        address=record.address,
        before=dict(record.before),
        after=dict(record.after),
        erased=record.erased,
        number=entry.number,
        hash=entry.hash.hex(),
    )


@get(
    "/api/admin/audit",
    operation_id="listAuditEntries",
    summary="List changes, page by page",
    tags=["Administration: audit log"],
    opt={"access": any_of(ADMIN), "refusals": (TooManyLargeAnswers,)},
)
@inject
async def list_audit_entries(
    entries: FromDishka[ListAudit],
    account: Account = None,
    actor: Actor = None,
    event: Event = None,
    after: After = None,
    limit: PageSize = 50,
) -> AuditList:
    """The newest entry is first. Refreshes have no entries; `doorward audit export` writes all entries, to be
    verified."""
    query = AuditQuery(account=UserId(account) if account else None, actor=actor, event=event)
    page = await entries(query, AuditEntryId(after) if after else None, limit)
    return AuditList(entries=[audit_entry_view(record) for record in page.records], after=page.after)
