"""The peers' lock files pin the chosen versions, and do not name a registry."""

import json
import re
from typing import Any

import pytest

from locks import HASH, PIN, pinned
from peers.catalogue import BETTER_AUTH, EXPRESS, FASTAPI_USERS, PEERS
from peers.peer import Peer

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
    calls = [peer.sign_up(7), peer.sign_in(7), peer.signed_in("a-token")]
    assert not re.search("kettle|a-token", repr(calls))
