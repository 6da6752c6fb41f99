"""Draws the requests per second of all contestants in each contest."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter

from bench.contests import Contest
from bench.schedule import DOORWARD

DOORWARD_COLOUR, PEER_COLOUR, LIMIT_COLOUR = "#1f4e79", "#b8c4ce", "#d9a441"
WIDTH_INCHES, BAR_INCHES, PANEL_MARGIN_INCHES = 9.0, 0.32, 0.75


def colour(contestant: str) -> str:
    if contestant.startswith(DOORWARD):
        return DOORWARD_COLOUR
    return LIMIT_COLOUR if contestant.startswith(("bare", "raw")) else PEER_COLOUR


def plot(contests: Sequence[Contest], file: Path) -> None:
    """Draw one panel for each contest, each with its own scale."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "doorward", "font.size": 9})
    heights = [len(contest.samples) * BAR_INCHES + PANEL_MARGIN_INCHES for contest in contests]
    figure, panels = plt.subplots(
        len(contests),
        1,
        figsize=(WIDTH_INCHES, sum(heights)),
        height_ratios=heights,
        layout="constrained",
        squeeze=False,
    )
    for contest, (panel,) in zip(contests, panels, strict=True):
        rates = {name: contest.rate(name) or 0.0 for name in contest.samples}
        bars = panel.barh(list(rates), list(rates.values()), color=[colour(name) for name in rates], height=0.7)
        panel.bar_label(bars, [f" {rate:,.0f}" for rate in rates.values()])
        panel.set_title(f"{contest.name}, {contest.connections} connections, requests/s", loc="left", fontsize=10)
        panel.invert_yaxis()
        panel.margins(x=0.12)
        panel.spines[["top", "right"]].set_visible(False)
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
