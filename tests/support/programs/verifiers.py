"""The programs of docs/verifying-tokens.md, run as they stand there."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Protocol

from support.programs.server_process import Server
from support.readme import PROJECT

DOCUMENT = (PROJECT / "docs" / "verifying-tokens.md").read_text("utf-8")
ISSUER = "https://auth.example.com"
"""As the document has it."""

DRIVERS = PROJECT / "tests" / "integration" / "verifying"
OUR_OWN_MISTAKES = {"NameError", "TypeError", "AttributeError", "ReferenceError"}
"""What no token may cause. (Parsing JSON in Node raises SyntaxError.)"""


def blocks(language: str) -> list[str]:
    """Return the document's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


BY_GUARD, FOR_LITESTAR, FOR_FASTAPI, FOR_ASGI, FOR_TESTS = blocks("python")
(BY_JSONWEBTOKEN,) = blocks("js")

NAMES = ("guard", "jsonwebtoken")


@dataclass(frozen=True, slots=True)
class Verifier:
    """Somebody's service that follows the document."""

    name: str
    process: Popen[str] = field(repr=False)

    def says(self, token: str, kind: str = "token") -> str:
        """Return `accepted` with the account, or `invalid` or `unavailable` with what caused it. The kind may be `list`
        too, or `later`: then its clock moves by so many seconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([kind, token]) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def verdict(self, token: str, kind: str = "token") -> str:
        """Return the first word of that."""
        verdict, _, what = self.says(token, kind).partition(" ")
        assert verdict in {"accepted", "invalid", "unavailable"}, "it ended, or raised what it does not promise"
        assert what not in OUR_OWN_MISTAKES, token[:200]
        return verdict

    def wait(self, seconds: int) -> None:
        """Move the clock by which it tells how old its keys are."""
        assert self.says(str(seconds), "later") == "waited"

    def accepts(self, token: str, kind: str = "token") -> bool:
        return self.verdict(token, kind) == "accepted"


class Program(Protocol):
    """`program("jsonwebtoken", server, {'["ES256"]': '["RS256"]'})` runs that program, with these texts changed."""

    def __call__(
        self, name: str, server: Server, changes: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Verifier]: ...


def text_of(name: str, url: str, changes: Mapping[str, str]) -> str:
    """Return the document's program with the address of a service, and with other texts changed."""
    return with_address(BY_JSONWEBTOKEN if name == "jsonwebtoken" else BY_GUARD, url, changes)


def with_address(text: str, url: str, changes: Mapping[str, str] | None = None) -> str:
    """Return a block of the document with the address of a service, and with other texts changed."""
    for old, new in {ISSUER: url, **(changes or {})}.items():
        assert old in text
        text = text.replace(old, new)
    return text


@contextmanager
def verifying(
    name: str, url: str, folder: Path, node_modules: Path | None, changes: Mapping[str, str] | None = None
) -> Iterator[Verifier]:
    """Run a program of the document in that folder until the block ends."""
    text = text_of(name, url, changes or {})
    if node_modules is None:
        (folder / "program.py").write_text(text)
        command = [sys.executable, "-Wignore", str(DRIVERS / "drive.py"), str(folder / "program.py")]
    else:
        (folder / "program.mjs").write_text(text)
        (folder / "node_modules").symlink_to(node_modules)
        shutil.copy(DRIVERS / "drive.mjs", folder)
        command = ["node", "drive.mjs"]
    with Popen(command, cwd=folder, stdin=PIPE, stdout=PIPE, text=True, env={"PATH": os.environ["PATH"]}) as process:
        try:
            yield Verifier(name, process)
        finally:
            process.kill()
