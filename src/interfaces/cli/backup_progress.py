"""What `doorward backup` and `doorward restore` print on standard error while they work."""

import time
from dataclasses import dataclass, field
from typing import final

import click

SECONDS_BETWEEN_LINES = 5.0


@final
@dataclass(slots=True)
class BackupProgress:
    """Prints a line for each table that is done, and one every few seconds for a large table."""

    done_word: str
    """The first words of each line, such as `Backed up`."""
    printed_at: float = field(default_factory=time.monotonic)

    def __call__(self, table: str, done: int, of: int) -> None:
        now = time.monotonic()
        if done < of and now - self.printed_at < SECONDS_BETWEEN_LINES:
            return
        self.printed_at = now
        click.echo(f"{self.done_word} {table}: {done} of {of} rows", err=True)
