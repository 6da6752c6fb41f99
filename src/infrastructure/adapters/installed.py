"""Finds adapters by the names of their entry points: those of installed packages together with Doorward's own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from doorward.infrastructure.settings.start_refused import StartRefused

OWN_PACKAGE = "doorward"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterKind:
    """What is chosen by one setting."""

    group: str
    """The group of the entry points."""
    noun: str
    """What a refusal calls such an adapter."""
    instead: str
    """What a refusal says to write for one of Doorward's own adapters."""
    own: Mapping[str, str]
    """The entry points of Doorward itself. They are no metadata of its wheel, so that a checkout that was installed
    before one of them was added has them all."""


@dataclass(frozen=True, slots=True)
class InstalledAdapter:
    entry: EntryPoint
    package: str

    def loaded(self, kind: AdapterKind) -> Callable[[Any], Any]:
        """Return the object that the entry point names. Raise StartRefused when it cannot be imported."""
        what = f"The {kind.noun} {self.entry.name} of the package {self.package}"
        fix = "repair or uninstall the package."
        try:
            found = self.entry.load()
        except Exception as error:  # a module may raise anything when it is imported
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise StartRefused(f"{what} cannot be imported ({reason}); {fix}") from error
        if not callable(found):
            raise StartRefused(f"{what} is {self.entry.value}, which cannot be called; {fix}")
        return found  # type: ignore[no-any-return]


def find_adapter(kind: AdapterKind, name: str) -> InstalledAdapter:
    """Return the adapter of that name. Raise StartRefused when there is none, or when several packages have one."""
    everyone = list(all_adapters(kind))
    found = [each for each in everyone if each.entry.name == name]
    if not found:
        names = ", ".join(sorted({each.entry.name for each in everyone}))
        raise StartRefused(
            f"No {kind.noun} is installed for {name}, only for {names}; {kind.instead}, or install a package that has "
            f"the entry point {name} in the group {kind.group}."
        )
    if len(found) > 1:
        packages = " and ".join(sorted(each.package for each in found))
        raise StartRefused(f"Several packages have the {kind.noun} {name}: {packages}; uninstall all but one of them.")
    return found[0]


def all_adapters(kind: AdapterKind) -> Iterator[InstalledAdapter]:
    for name, value in kind.own.items():
        yield InstalledAdapter(EntryPoint(name, value, kind.group), OWN_PACKAGE)
    yield from installed_adapters(kind.group)


@cache
def installed_adapters(group: str) -> tuple[InstalledAdapter, ...]:
    """Return the adapters of other packages. Their metadata are read once in a process."""
    return tuple(
        InstalledAdapter(each, "without a name" if each.dist is None else each.dist.name)
        for each in entry_points(group=group)
    )
