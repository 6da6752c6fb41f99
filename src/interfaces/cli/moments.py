"""Times as options of commands."""

from datetime import UTC, datetime
from typing import Any, final

import click


@final
class Moment(click.ParamType[datetime]):
    """A date, or a date and a time, as ISO 8601 writes them. Without an offset it is in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("Write a date and a time, such as 2030-01-31T12:00Z.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
