"""Which library computes: DOORWARD_HASHER. That they compute the same: test_passwords.py."""

import sys
import threading

import pytest

from doorward.domain.errors import HashingBusy
from doorward.infrastructure.security import libsodium
from doorward.infrastructure.security.argon2_libraries import argon2_library
from doorward.infrastructure.security.passwords import MAX_MEMORY_KIB, MAX_PASSES, Argon2Library
from doorward.infrastructure.settings.start_refused import StartRefused

COSTLY = f"$argon2id$v=19$m={MAX_MEMORY_KIB},t={MAX_PASSES},p=1${'A' * 22}${'A' * 43}"


@pytest.fixture
def without_pynacl(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nacl", "nacl.bindings"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "doorward.infrastructure.security.libsodium")


def test_libsodium_computes_where_it_is_there_unless_another_is_set() -> None:
    assert argon2_library("auto").name == "libsodium"
    assert argon2_library("libsodium").name == "libsodium"
    assert argon2_library("argon2-cffi").name == "argon2-cffi"


@pytest.mark.usefixtures("without_pynacl")
def test_without_pynacl_argon2_cffi_computes_and_who_insists_is_refused() -> None:
    assert argon2_library("auto").name == "argon2-cffi"
    assert argon2_library("argon2-cffi").name == "argon2-cffi"
    with pytest.raises(StartRefused) as refused:
        argon2_library("libsodium")
    assert str(refused.value).startswith("DOORWARD_HASHER: libsodium does not work here (")
    assert str(refused.value).endswith("; install PyNaCl, or set DOORWARD_HASHER=auto.")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "fault", [bytes(32), HashingBusy(cause="test"), OSError("libsodium.so: cannot open\nshared object")]
)
def test_a_libsodium_that_does_not_work_is_not_used(monkeypatch: pytest.MonkeyPatch, fault: bytes | Exception) -> None:
    def compute(*_: object) -> bytes:
        if isinstance(fault, Exception):
            raise fault
        return fault

    monkeypatch.setattr(libsodium, "compute", compute)
    assert argon2_library("auto").name == "argon2-cffi"
    with pytest.raises(StartRefused) as refused:
        argon2_library("libsodium")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["argon2-cffi", "libsodium"])
def test_other_threads_run_while_it_computes(name: str) -> None:
    """OP-03: the interpreter's lock is given away. No thread is made to give it away here but by itself."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        library = argon2_library(name)
        assert any(ran_meanwhile(library) for _ in range(20))
    finally:
        sys.setswitchinterval(interval)


def ran_meanwhile(library: Argon2Library) -> bool:
    order: list[str] = []
    started = threading.Event()

    def compute() -> None:
        started.set()
        library.verify(COSTLY, b"violet")
        order.append("computed")

    thread = threading.Thread(target=compute)
    thread.start()
    started.wait()
    order.append("ran")
    thread.join()
    return order[0] == "ran"
