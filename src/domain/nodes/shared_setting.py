from collections.abc import Callable, Mapping
from dataclasses import dataclass

SECRET = "secret_key"  # noqa: S105 the name of a setting
"""The name of the setting whose value is the fingerprint of the master secret."""


def never(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSetting:
    """A setting that all nodes on one database must share, with the value of this node."""

    name: str
    value: str
    former: frozenset[str] = frozenset()
    """Values that this node accepts as well, since they are being replaced."""
    gives_way: Callable[[str], bool] = never
    """Return whether another value is replaced when no other node is alive."""
    may_differ: bool = False
    """True if nodes that differ only do so while a change is on its way: the last one to start is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    setting: SharedSetting
    agreed: str
    """The value on which the nodes of this database have agreed."""


def disagreements(settings: tuple[SharedSetting, ...], agreed: Mapping[str, str]) -> tuple[Disagreement, ...]:
    """Return where this node differs from what was agreed. What was not agreed yet is no disagreement."""
    return tuple(
        Disagreement(setting=each, agreed=agreed[each.name])
        for each in settings
        if each.name in agreed and agreed[each.name] != each.value and agreed[each.name] not in each.former
    )
