"""The picture: requests a second of everybody in each contest, Doorward's as one."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter

from bench.contests import Contest
from bench.throughput import OURS

INK, FAINT, LIMIT = "#1f4e79", "#b8c4ce", "#d9a441"
WIDTH, BAR, ROOM = 9.0, 0.32, 0.75
"""Inches."""


def colour(contestant: str) -> str:
    if contestant.startswith(OURS):
        return INK
    return LIMIT if contestant.startswith(("bare", "raw")) else FAINT


def plot(contests: Sequence[Contest], file: Path) -> None:
    """One panel a contest, on a scale of its own."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "doorward", "font.size": 9})
    heights = [len(contest.samples) * BAR + ROOM for contest in contests]
    figure, panels = plt.subplots(
        len(contests), 1, figsize=(WIDTH, sum(heights)), height_ratios=heights, layout="constrained", squeeze=False
    )
    for contest, (panel,) in zip(contests, panels, strict=True):
        named = {name: contest.rate(name) or 0.0 for name in contest.samples}
        bars = panel.barh(list(named), list(named.values()), color=[colour(name) for name in named], height=0.7)
        panel.bar_label(bars, [f" {rate:,.0f}" for rate in named.values()])
        panel.set_title(f"{contest.name}, {contest.connections} at once, requests/s", loc="left", fontsize=10)
        panel.invert_yaxis()
        panel.margins(x=0.12)
        panel.spines[["top", "right"]].set_visible(False)
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
