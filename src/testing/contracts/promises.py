"""Ties contract tests to the sentences of the ports' docstrings that they prove."""

import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])

PROVED = "proved_promises"
"""The attribute of a test that names what it proves: a list of pairs of a port's member and a sentence."""

SENTENCE_END = re.compile(r"(?<=[.:]) (?=[A-Z])")


def sentences_of(promiser: object) -> list[str]:
    """Return the sentences of a docstring, without line breaks."""
    return SENTENCE_END.split(" ".join((promiser.__doc__ or "").split()))


def promises_of(port: type) -> list[tuple[str, str]]:
    """Return what a port promises: its members and the sentences of their docstrings, in their order.

    The first sentence about the port itself describes it. A sentence that begins with a name in backquotes explains a
    parameter, and one that begins with "The caller" is asked of those who use the port.
    """
    promises = [(port.__name__, sentence) for sentence in sentences_of(port)[1:]]
    for name, member in vars(port).items():
        if inspect.isfunction(member) and not name.startswith("_") and member.__doc__:
            promises += [(member.__qualname__, sentence) for sentence in sentences_of(member)]
    return [(member, sentence) for member, sentence in promises if not sentence.startswith(("`", "The caller "))]


def proves(promiser: Callable[..., Any], *beginnings: str) -> Callable[[Test], Test]:
    """Note that the decorated test proves the sentences of a docstring that begin so. Raise LookupError if not exactly
    one sentence does."""
    proved = [(promiser.__qualname__, sentence_of(promiser, beginning)) for beginning in beginnings]

    def noted(test: Test) -> Test:
        vars(test).setdefault(PROVED, []).extend(proved)
        return test

    return noted


def sentence_of(promiser: Callable[..., Any], beginning: str) -> str:
    matching = [sentence for sentence in sentences_of(promiser) if sentence.startswith(beginning)]
    if len(matching) != 1:
        raise LookupError(f"{len(matching)} sentences about {promiser.__qualname__} begin with: {beginning}")
    return matching[0]
