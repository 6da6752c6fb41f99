"""Print a bill of materials in CycloneDX form: every locked package with its hashes."""

import json
import sys
import tomllib
from pathlib import Path

from doorward import __version__
from locks import pinned

PROJECT = Path(__file__).parents[1]


def components(lock: str) -> list[dict[str, object]]:
    """The components that a lock file pins, one for each package."""
    return [
        {
            "type": "library",
            "name": pin.name,
            "version": pin.version,
            "purl": f"pkg:pypi/{pin.name}@{pin.version}",
            "bom-ref": f"pkg:pypi/{pin.name}@{pin.version}",
            "externalReferences": [
                {
                    "type": "distribution",
                    "url": f"pkg:pypi/{pin.name}@{pin.version}",
                    "hashes": [{"alg": "SHA-256", "content": digest}],
                }
                for digest in pin.hashes
            ],
        }
        for pin in pinned(lock)
    ]


def document() -> dict[str, object]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": project["name"], "version": __version__},
        },
        "components": components((PROJECT / "requirements" / "runtime.txt").read_text("utf-8")),
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2)
    sys.stdout.write("\n")
