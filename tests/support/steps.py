"""Counts what the interpreter executes: a measure of work that does not depend on the machine."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass(slots=True)
class Steps:
    count: int = 0
    """Lines of Python, calls of Python functions and calls of compiled functions."""

    def trace(self, _: FrameType, __: str, ___: Any) -> Any:
        self.count += 1
        return self.trace

    def profile(self, _: FrameType, event: str, __: Any) -> None:
        self.count += event == "c_call"


@contextmanager
def counting() -> Iterator[Steps]:
    """Yield the Steps of what this thread executes in the block. One compiled call is one step, however long it takes:
    that it is linear has to be read in the code. No garbage is collected meanwhile, because finalizers may be
    Python, too."""
    steps = Steps()
    previous = sys.gettrace(), sys.getprofile(), gc.isenabled()
    gc.disable()
    sys.settrace(steps.trace)
    sys.setprofile(steps.profile)
    try:
        yield steps
    finally:
        sys.settrace(previous[0])
        sys.setprofile(previous[1])
        if previous[2]:
            gc.enable()
