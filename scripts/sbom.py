"""Prints what the service is made of as a CycloneDX document: every locked package with its hashes."""

import json
import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PINNED = re.compile(
    r"^([A-Za-z0-9._-]+)==(\S+?)(?: ;.*)? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def components(lock: str) -> list[dict[str, object]]:
    """One for each package of a requirements file with hashes."""
    return [
        {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "externalReferences": [
                {
                    "type": "distribution",
                    "url": f"pkg:pypi/{name}@{version}",
                    "hashes": [{"alg": "SHA-256", "content": digest}],
                }
                for digest in re.findall(r"sha256:([0-9a-f]{64})", hashes)
            ],
        }
        for name, version, hashes in PINNED.findall(lock)
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
