"""What people are told about the settings that all nodes share."""

from doorward.domain.nodes.shared_setting import SECRET, Disagreement
from doorward.infrastructure.settings.sources import PREFIX


def difference(found: Disagreement) -> str:
    """Return one line that names the setting, both values and what to do. It contains no secret."""
    name = f"{PREFIX}{found.setting.name.upper()}"
    if found.setting.name == SECRET:
        return (
            f"{name} has the fingerprint {found.setting.value} here, and {found.agreed} on the other nodes of this "
            "database, so that each would refuse the tokens of the other: give this node the same secret, or run "
            "`doorward settings adopt` to change it for all."
        )
    default = f" ({PREFIX}PUBLIC_URL is the issuer without it)" if found.setting.name == "issuer" else ""
    return (
        f"{name} is {found.setting.value} here, and {found.agreed} on the other nodes of this database, so that each "
        f"would refuse the tokens of the other: set {name}={found.agreed}{default}, or run `doorward settings adopt` "
        "to change it for all."
    )
