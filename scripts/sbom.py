"""Prints what the service is made of as a CycloneDX document: every locked package with its hashes."""

import json
import sys
import tomllib
from pathlib import Path

from locks import pinned

PROJECT = Path(__file__).parents[1]


def components(lock: str) -> list[dict[str, object]]:
    """One for each package of a requirements file with hashes."""
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
            "component": {"type": "application", "name": project["name"], "version": project["version"]},
        },
        "components": components((PROJECT / "requirements" / "runtime.txt").read_text("utf-8")),
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2)
    sys.stdout.write("\n")
