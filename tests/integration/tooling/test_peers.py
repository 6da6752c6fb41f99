"""What is measured beside Doorward is what was chosen, and is fetched from wherever the reader gets packages."""

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


def document(peer: Peer) -> dict[str, Any]:
    text = (peer.source / peer.toolchain.lock_file).read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def without_funding(node: object) -> object:
    """Where a maintainer takes donations is nowhere that npm asks."""
    match node:
        case dict():
            return {name: without_funding(member) for name, member in node.items() if name != "funding"}
        case list():
            return [without_funding(member) for member in node]
        case _:
            return node


@each_peer
def test_every_version_is_exact_and_is_the_one_that_is_locked(peer: Peer) -> None:
    assert peer.versions
    for name, version in peer.versions.items():
        assert re.fullmatch(r"\d+(\.\d+)+", version)
        assert peer.toolchain.locked(peer.source)[name] == version


@each_by_npm
def test_npms_lock_file_was_written_from_the_manifest(peer: Peer) -> None:
    assert document(peer)["packages"][""]["dependencies"] == peer.versions


@each_by_npm
def test_npms_lock_file_has_a_digest_for_each_package_and_names_no_host(peer: Peer) -> None:
    packages = document(peer)["packages"]
    for path, package in packages.items():
        assert not {"resolved", "link"} & package.keys()
        assert path == "" or package["integrity"].startswith("sha512-")
    assert "://" not in json.dumps(without_funding(packages))


def test_pips_lock_file_holds_hashed_pins_alone() -> None:
    text = (FASTAPI_USERS.source / FASTAPI_USERS.toolchain.lock_file).read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert all(PIN.match(line) or HASH.match(line) for line in lines)
    assert all(pin.hashes for pin in pinned(text))
    assert "://" not in text


def test_each_line_of_pips_manifest_is_a_choice() -> None:
    manifest = FASTAPI_USERS.source / FASTAPI_USERS.toolchain.manifest
    assert len(FASTAPI_USERS.versions) == len(manifest.read_text("utf-8").splitlines())


@each_peer
def test_passwords_and_tokens_do_not_show_when_a_call_does(peer: Peer) -> None:
    calls = [peer.sign_up(7), peer.sign_in(7), peer.signed_in("a-token")]
    assert not re.search("kettle|a-token", repr(calls))
