"""Refusals about the audit log."""

from doorward.domain.errors.families import Invalid


class AuditBroken(Invalid):
    """An export of the audit log does not verify. The text names the first line that is wrong, and why."""

    code = "audit_broken"

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"Line {line} of the export does not verify: {text}.")
        self.line = line
