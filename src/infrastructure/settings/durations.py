"""Durations in settings."""

import re

SECONDS_PER_UNIT = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
DURATION = re.compile(r"([0-9]{1,10})([smhd]?)")


def parse_seconds(raw: str) -> int:
    """Return the seconds of `900`, `90s`, `15m`, `12h` or `14d`. Raise ValueError for any other text."""
    found = DURATION.fullmatch(raw)
    if found is None:
        raise ValueError("write seconds, such as 900, or a number with s, m, h or d, such as 15m or 14d")
    return int(found[1]) * SECONDS_PER_UNIT[found[2]]
