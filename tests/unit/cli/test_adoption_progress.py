import io
import sys

import pytest

from doorward.application.adoption.report import AdoptionProgress
from doorward.interfaces.cli.adopt import ProgressBar, came


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> str:
    """What is on standard error after both parts of an adoption."""
    monkeypatch.setattr(sys, "stderr", stream)
    bar = ProgressBar()
    for progress in (
        AdoptionProgress(4, checked=2),
        AdoptionProgress(4, checked=4),
        AdoptionProgress(4, 4, adopted=1),
        AdoptionProgress(4, 4, adopted=3),
    ):
        bar(progress)
    bar.end()
    assert bar.latest.adopted == 3
    return stream.getvalue()


def test_a_terminal_shows_a_bar_for_looking_and_one_for_adopting(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, Terminal())
    for part in ("Looking at the accounts", "100%", "Adopting", "75%"):
        assert part in text
    assert text.endswith("\n")


def test_nothing_is_shown_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, io.StringIO()) == ""


def test_what_came_before_an_interruption_is_said() -> None:
    bar = ProgressBar()
    assert came(bar).startswith("No account came, or a few more.")
    bar.latest = AdoptionProgress(4, 4, adopted=3)
    assert came(bar) == "3 accounts came, or a few more. Run it again to continue: whoever came is left alone."
