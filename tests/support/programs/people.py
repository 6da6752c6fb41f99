"""Somebody who pastes the commands of a document, and fills in what earlier answers and letters gave."""

import re
from dataclasses import dataclass, field
from subprocess import run
from time import time_ns
from uuid import UUID

from support.http.letters import CODE, LINK, read, text_of
from support.programs.processes import PATIENCE, eventually
from support.programs.server_process import Server

GIVEN = {"accessToken": "ACCESS_TOKEN", "refreshToken": "REFRESH_TOKEN"}
"""The members of answers that take the place of words in later commands."""

IN_LETTERS = {"LINK_TOKEN": LINK, "CODE": CODE}
"""The words that stand for what a letter has. The last group of each pattern takes their place."""


@dataclass(slots=True)
class Person:
    """Takes the place of the words in capitals: the tokens of the latest answer that has them, and the token in the
    link or the code of the letter that the command before caused."""

    server: Server
    known: dict[str, str] = field(default_factory=dict)
    pasted_at: int = 0
    """When the command before began, in milliseconds since 1970."""

    def pastes(self, command: str) -> str:
        """Return the status of the answer."""
        for word, form in IN_LETTERS.items():
            if word in command:
                self.known[word] = self._from_letter(form)
        command = re.sub(r"\b([A-Z]+_TOKEN|CODE)\b", lambda word: self.known[word[0]], command)
        self.pasted_at = time_ns() // 1_000_000
        written = run(
            ["bash", "-c", command.replace("127.0.0.1:8080", f"127.0.0.1:{self.server.port}") + " -sw ' %{http_code}'"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        body, _, status = written.stdout.rpartition(" ")
        for member, value in re.findall(r'"(\w+)":"([^"]*)"', body):
            if member in GIVEN:
                self.known[GIVEN[member]] = value
                self.server.secrets.add(value)
        return status

    def _from_letter(self, form: re.Pattern[str]) -> str:
        eventually(lambda: self._in_new_letters(form))
        return self._in_new_letters(form)[-1]

    def _in_new_letters(self, form: re.Pattern[str]) -> list[str]:
        """What has this form in letters that were ordered since the command before began. The id of a letter has its
        time."""
        paths = sorted(self.server.data_dir.joinpath("letters").glob("*.eml"))
        new = [path for path in paths if UUID(path.stem).int >> 80 >= self.pasted_at]
        found = [form.search(text_of(read(path.read_bytes()))) for path in new]
        return [match[match.lastindex or 0] for match in found if match]
