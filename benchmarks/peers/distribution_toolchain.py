"""Downloads a peer's distribution with Maven, and checks it against the pinned SHA-512."""

import hashlib
import json
import re
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peers.toolchains import PeerUnavailable, program, run

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
DIGEST_LINE = re.compile(r"^([0-9a-f]{128})  (\S+?)-([\d.]+)\.tar\.gz$")
JAVA_VERSION = re.compile(r"^\S+ (\d+)")
MIN_JAVA = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """An archive (tar.gz) on Maven Central. Its manifest names it, and the command that prepares it once."""

    manifest: str = "distribution.json"
    lock_file: str = "distribution.sha512"

    def chosen(self, folder: Path) -> dict[str, str]:
        found = self._manifest(folder)
        return {found["artifact"]: found["version"]}

    def locked(self, folder: Path) -> dict[str, str]:
        _, name, version = self._pin(folder)
        return {name: version}

    def identity(self) -> str:
        """The version of Java. Raise PeerUnavailable when it is too old, and when Maven is missing."""
        program("mvn")
        version = run([program("java"), "--version"])
        if (found := JAVA_VERSION.match(version)) is None or int(found[1]) < MIN_JAVA:
            raise PeerUnavailable(f"Java {MIN_JAVA} or newer is needed; this is {version.partition(chr(10))[0]}")
        return version

    def product(self, folder: Path) -> Path:
        return folder / "distribution"

    def install(self, folder: Path) -> None:
        product = self.product(folder)
        shutil.rmtree(product, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder) as downloaded:
            archive = self._download(folder, Path(downloaded))
            if _sha512(archive) != self._pin(folder)[0]:
                raise PeerUnavailable(f"{archive.name} has another SHA-512 than {self.lock_file} pins")
            with tarfile.open(archive) as content:
                content.extractall(downloaded, filter="data")
            archive.unlink()
            (unpacked,) = Path(downloaded).iterdir()
            unpacked.rename(product)
        run([str(product / self._manifest(folder)["prepare"][0]), *self._manifest(folder)["prepare"][1:]], product)

    def command(self, folder: Path) -> list[str]:
        return [program("sh"), str(folder / "app" / "start.sh")]

    def lock(self, folder: Path) -> None:
        with tempfile.TemporaryDirectory() as downloaded:
            archive = self._download(folder, Path(downloaded))
            (folder / self.lock_file).write_text(f"{_sha512(archive)}  {archive.name}\n", "utf-8")

    def _download(self, folder: Path, target: Path) -> Path:
        found = self._manifest(folder)
        artifact = f"{found['group']}:{found['artifact']}:{found['version']}:tar.gz"
        run([program("mvn"), "-B", "-q", COPY, f"-Dartifact={artifact}", f"-DoutputDirectory={target}"], target)
        return target / f"{found['artifact']}-{found['version']}.tar.gz"

    def _manifest(self, folder: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((folder / self.manifest).read_text("utf-8"))
        return found

    def _pin(self, folder: Path) -> tuple[str, str, str]:
        """The SHA-512, the name and the version."""
        text = (folder / self.lock_file).read_text("utf-8").strip()
        if not (found := DIGEST_LINE.match(text)):
            raise PeerUnavailable(f"{self.lock_file} is not `SHA-512  NAME-VERSION.tar.gz`: {text}")
        return found[1], found[2], found[3]


def _sha512(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha512").hexdigest()
