"""The route by which people get everything that is held about them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from dishka import FromDishka
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Meta

from doorward.application.accounts.export_own_data import ExportOwnData
from doorward.application.accounts.own_data import held_back_fields, held_fields
from doorward.application.ports.clock import Clock
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.principal import Principal
from doorward.domain.audit.sealed_entry import AuditEntryId
from doorward.interfaces.http.errors.refusals import TooManyLargeAnswers
from doorward.interfaces.http.security.injection import inject

After = Annotated[
    UUID | None, QueryParameter(description="The `after` of the export before, for the audit entries that follow.")
]
Values = dict[str, Any]


class FieldNote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    purpose: Annotated[str, Meta(description="What the value is for.")]
    kept: Annotated[str, Meta(description="How long it is kept.")]


class OwnDataView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything that is held about the account."""

    exported_at: Annotated[datetime, Meta(tz=True)]
    account: Values
    profile: Annotated[Values | None, Meta(description="The profile, with its JSON as `text`; null if there is none.")]
    sessions: list[Values]
    letters: Annotated[list[Values], Meta(description="Letters of the last week, the latest first.")]
    link_tokens: Annotated[list[Values], Meta(description="Links of letters that are still valid.")]
    attempts: Annotated[list[Values], Meta(description="Counted attempts to sign in.")]
    audit: Annotated[list[Values], Meta(description="What was changed of the account, the latest first.")]
    after: Annotated[
        UUID | None, Meta(description="Send it as `after` to get further audit entries; null if these are all.")
    ]
    fields: Annotated[
        dict[str, dict[str, FieldNote]], Meta(description="The purpose and the retention of each field, by part.")
    ]
    held_back: Annotated[
        dict[str, dict[str, str]], Meta(description="What is held and not shown, by part, with the reason.")
    ]


@get(
    "/api/account/export",
    operation_id="exportOwnData",
    summary="Get everything that is held about the own account",
    tags=["Own account"],
    opt={"access": SIGNED_IN, "refusals": (TooManyLargeAnswers,)},
)
@inject
async def export_own_data(
    principal: NamedDependency[Principal],
    export: FromDishka[ExportOwnData],
    clock: FromDishka[Clock],
    after: After = None,
) -> OwnDataView:
    """One JSON document with the purpose and the retention of each field. It has at most 500 audit entries; `after`
    leads to the others."""
    data = await export(principal, AuditEntryId(after) if after else None)
    parts = data.parts
    return OwnDataView(
        exported_at=clock.now(),
        account=parts["account"],
        profile=parts["profile"],
        sessions=parts["sessions"],
        letters=parts["letters"],
        link_tokens=parts["linkTokens"],
        attempts=parts["attempts"],
        audit=parts["audit"],
        after=data.after,
        fields={
            part: {name: FieldNote(purpose=held.purpose, kept=held.kept) for name, held in notes.items()}
            for part, notes in held_fields().items()
        },
        held_back={part: dict(reasons) for part, reasons in held_back_fields().items()},
    )
