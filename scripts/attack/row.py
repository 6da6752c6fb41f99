from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One attack: what was sent, what came back, and whether the service held. `held` is None if it was not tried."""

    attack: str
    sent: str
    came_back: str
    held: bool | None

    @classmethod
    def skipped(cls, attack: str, reason: str) -> Self:
        return cls(attack=attack, sent="nothing", came_back=reason, held=None)

    @property
    def verdict(self) -> str:
        return {True: "held", False: "DID NOT HOLD", None: "not tried"}[self.held]

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return self.attack, self.sent, self.came_back, self.verdict


HEAD = ("attack", "what was sent", "what came back", "result")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table with columns of even width."""
    lines = [HEAD, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    written = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    return "\n".join([written[0], rule, *written[1:]])


def exit_code(rows: Sequence[Row]) -> int:
    """Return 1 if something did not hold."""
    return int(any(row.held is False for row in rows))


def tried(attack: str, run: Callable[[], Row]) -> Row:
    """Return the row of an attack. An attack that fails itself did not show that the service holds."""
    try:
        return run()
    except Exception as error:  # noqa: BLE001 whatever it was, the other attacks go on
        return Row(attack=attack, sent="the attack ended early", came_back=f"{error!r:.150}", held=False)
