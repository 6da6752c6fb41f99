"""The peers' lock files pin the chosen versions, and do not name a registry."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.plan import FULL, QUICK
from locks import HASH, PIN, pinned
from peers.accounts import PASSWORD
from peers.calls import Answer, Call, opened
from peers.catalogue import BETTER_AUTH, EXPRESS, FASTAPI_USERS, PEERS
from peers.peer import ACCOUNTS_OF_START, Peer
from peers.servers import KEYCLOAK, KRATOS, POCKETBASE
from peers.toolchains import PeerUnavailable

A_TOKEN = "e30.eyJpZCI6InJlY29yZC0xIn0.AAAA"
"""A token that has the claims {"id": "record-1"}, which PocketBase's path contains."""

BY_NPM = (EXPRESS, BETTER_AUTH)

each_peer = pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
each_by_npm = pytest.mark.parametrize("peer", BY_NPM, ids=lambda peer: peer.name)


def lock_document(peer: Peer) -> dict[str, Any]:
    text = (peer.source / peer.toolchain.lock_file).read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def without_funding(node: object) -> object:
    """The same without the donation addresses of maintainers, which npm does not install from."""
    match node:
        case dict():
            return {name: without_funding(member) for name, member in node.items() if name != "funding"}
        case list():
            return [without_funding(member) for member in node]
        case _:
            return node


@each_peer
def test_every_version_is_exact_and_equals_the_locked_one(peer: Peer) -> None:
    assert peer.versions
    for name, version in peer.versions.items():
        assert re.fullmatch(r"\d+(\.\d+)+", version)
        assert peer.toolchain.locked(peer.source)[name] == version


@each_by_npm
def test_npms_lock_file_has_the_versions_of_the_manifest(peer: Peer) -> None:
    assert lock_document(peer)["packages"][""]["dependencies"] == peer.versions


@each_by_npm
def test_npms_lock_file_has_a_digest_for_each_package_and_no_host_name(peer: Peer) -> None:
    packages = lock_document(peer)["packages"]
    for path, package in packages.items():
        assert not {"resolved", "link"} & package.keys()
        assert path == "" or package["integrity"].startswith("sha512-")
    assert "://" not in json.dumps(without_funding(packages))


def test_pips_lock_file_contains_only_pins_with_hashes() -> None:
    text = (FASTAPI_USERS.source / FASTAPI_USERS.toolchain.lock_file).read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert all(PIN.match(line) or HASH.match(line) for line in lines)
    assert all(pin.hashes for pin in pinned(text))
    assert "://" not in text


def test_each_line_of_pips_manifest_pins_a_version() -> None:
    manifest = FASTAPI_USERS.source / FASTAPI_USERS.toolchain.manifest
    assert len(FASTAPI_USERS.versions) == len(manifest.read_text("utf-8").splitlines())


@each_peer
def test_the_repr_of_a_call_shows_no_password_and_no_token(peer: Peer) -> None:
    calls = [peer.sign_in(7), *(each(7) for each in [peer.sign_up] if each is not None)]
    calls += [each(A_TOKEN) for each in (peer.signed_in, peer.own_account, peer.introspect) if each is not None]
    assert not re.search(f"kettle|{re.escape(A_TOKEN)}", repr(calls))


@each_peer
def test_a_refresh_shows_no_token(peer: Peer) -> None:
    if peer.refresh is None:
        return
    session = {"id": "the-session"}
    tokens = {"token": A_TOKEN, "refresh_token": A_TOKEN, "session_token": A_TOKEN, "session": session}
    signed_in = Answer(status=200, headers=(), body=json.dumps(tokens).encode())
    assert A_TOKEN not in repr(peer.refresh(signed_in))


def test_the_digest_of_keycloaks_distribution_is_pinned_and_no_host_is_named() -> None:
    text = (KEYCLOAK.source / KEYCLOAK.toolchain.lock_file).read_text("utf-8")
    assert re.fullmatch(r"[0-9a-f]{128}  keycloak-quarkus-dist-[\d.]+\.tar\.gz\n", text)
    assert "://" not in (KEYCLOAK.source / KEYCLOAK.toolchain.manifest).read_text("utf-8")


def test_keycloak_starts_with_an_account_for_each_sign_in_of_the_benchmark() -> None:
    start = (KEYCLOAK.source / "start.sh").read_text("utf-8")
    assert f'"$number" -lt {ACCOUNTS_OF_START} ]' in start
    assert PASSWORD in start
    assert max(FULL.peer_accounts, QUICK.peer_accounts) <= ACCOUNTS_OF_START


@pytest.mark.parametrize("peer", [POCKETBASE, KRATOS], ids=lambda peer: peer.name)
def test_gos_lock_file_has_a_digest_of_each_required_module(peer: Peer) -> None:
    pinned_lines = (peer.source / peer.toolchain.lock_file).read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"\S+ v\S+ h1:[A-Za-z0-9+/]{43}=", line) for line in pinned_lines)
    assert "://" not in (peer.source / peer.toolchain.manifest).read_text("utf-8")


@pytest.mark.parametrize(
    ("peer", "missing"), [(KEYCLOAK, "mvn"), (POCKETBASE, "go"), (KRATOS, "gcc")], ids=lambda each: str(each)[:8]
)
def test_a_peer_is_skipped_with_the_name_of_the_missing_program(
    peer: Peer, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(PeerUnavailable, match=f"^{missing} is not installed$"):
        peer.install(tmp_path)


def test_keycloak_is_skipped_when_java_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mvn", "java"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'openjdk 11.0.2 2019-01-15'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PeerUnavailable, match=r"^Java 17 or newer is needed; this is openjdk 11\.0\.2"):
        KEYCLOAK.install(tmp_path)


def test_a_distribution_with_another_digest_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The `mvn` of this test leaves another file in the folder that it is told."""
    mvn = tmp_path / "mvn"
    mvn.write_text(
        "#!/bin/sh\nfor each; do case $each in -DoutputDirectory=*) folder=${each#*=};; esac; done\n"
        f'echo other > "$folder/keycloak-quarkus-dist-{KEYCLOAK.versions["keycloak-quarkus-dist"]}.tar.gz"\n'
    )
    mvn.chmod(0o755)
    folder = tmp_path / "installation"
    shutil.copytree(KEYCLOAK.source, folder)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(PeerUnavailable, match="has another SHA-512 than"):
        KEYCLOAK.toolchain.install(folder)
    assert not KEYCLOAK.toolchain.product(folder).exists()


def test_the_id_of_an_opening_is_in_the_path_of_the_call() -> None:
    call = Call(method="POST", path="/login?flow={id}", opening="/login/api")
    completed = opened(call, Answer(status=200, headers=(), body=b'{"id":"7","type":"api"}'))
    assert completed is not None
    assert (completed.path, completed.opening) == ("/login?flow=7", "")
    for body in (b"{}", b"no JSON", b"[]"):
        assert opened(call, Answer(status=500, headers=(), body=body)) is None
