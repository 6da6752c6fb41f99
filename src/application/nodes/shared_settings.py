from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Transaction
from doorward.domain.access.actor import Operator
from doorward.domain.audit.source import Source
from doorward.domain.nodes.shared_setting import SECRET, SharedSetting


@final
@dataclass(frozen=True, slots=True)
class SharedSettings:
    """The settings that all nodes on one database must share, as this node has them."""

    all: tuple[SharedSetting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A setting that got another value for all nodes."""

    name: str
    before: str
    after: str

    @property
    def called(self) -> str:
        """Return the name of what is compared: the setting, or the fingerprint of the secret."""
        return f"{self.name}_fingerprint" if self.name == SECRET else self.name


async def replace_agreed(tx: Transaction, settings: Sequence[SharedSetting], by: Operator | Source) -> list[Replaced]:
    """Store the values of this node for all nodes, with their entries, and return what was replaced."""
    agreed = await tx.agreed_settings.all()
    replaced = []
    for each in settings:
        before = agreed.get(each.name)
        if before == each.value:
            continue
        await tx.agreed_settings.put(each.name, each.value)
        if before is not None:
            replaced.append(Replaced(name=each.name, before=before, after=each.value))
    for change in replaced:
        entry = AuditEntry(
            event=SecurityEvent.SETTING_ADOPTED,
            by=by,
            before={change.called: change.before},
            after={change.called: change.after},
        )
        await tx.audit.append(entry)
    return replaced


def log_replaced(log: SecurityLog, replaced: Sequence[Replaced], by: str) -> None:
    for change in replaced:
        log.record(SecurityEvent.SETTING_ADOPTED, setting=change.name, before=change.before, after=change.after, by=by)
