"""Backups of a hundred thousand accounts: the memory does not grow with their number."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, insert

from doorward.domain.ids import uuid7
from doorward.infrastructure.sql.tables import audit_entries, audit_streams, sessions, user_roles, users
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.doubles import NOON
from integration.backups.conftest import FreshUrl
from support.every_table import on_database
from support.programs.command_line import Doorward

ACCOUNTS = 100_000
AT_ONCE = 1000
MAX_BYTES = 128 * 1024 * 1024
HASH = "$argon2id$v=19$m=19456,t=2,p=1$yTIiavzaVbRXKSB1ogVweg$8nl+yoUHc3UiePdzDan1v+PL7cyT3I7iVNthfDk4xnM"

pytestmark = pytest.mark.full


def account_rows(number: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the rows of one account, which has signed in."""
    now = NOON + timedelta(milliseconds=number)
    user_id, name = uuid7(now), f"account{number}"
    names = {"username": name, "username_key": name, "email": f"{name}@example.org", "email_key": f"{name}@example.org"}
    state = {"password_hash": HASH, "disabled": False, "epoch": 0, "version": 0, "created_at": now}
    yield users, {"id": user_id, **names, **state}
    yield user_roles, {"user_id": user_id, "role": "user"}
    times = {"started_at": now, "last_used_at": now, "used_on": now}
    device = {"address": "192.0.2.1", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101"}
    token = {"token_hash": os.urandom(32), "spent": ""}
    yield sessions, {"id": uuid7(now), "user_id": user_id, **times, **device, **token}
    stream = {"stream": user_id, "data_key": os.urandom(32), "pruned_number": 0, "pruned_hash": bytes(32)}
    yield audit_streams, stream
    for entry in (1, 2):
        sealed = {"source": os.urandom(60), "details": os.urandom(180), "hash": os.urandom(32)}
        named = {"stream": user_id, "number": entry, "at": now, "event": "user_created", "actor": "visitor"}
        yield audit_entries, {"id": UUID(int=uuid7(now).int), **named, **sealed}


def fill_with_accounts(connection: Connection) -> None:
    for start in range(0, ACCOUNTS, AT_ONCE):
        rows: dict[Any, list[dict[str, Any]]] = {}
        for number in range(start, start + AT_ONCE):
            for table, row in account_rows(number):
                rows.setdefault(table, []).append(row)
        for table, values in rows.items():
            connection.execute(insert(table), values)


def measured(doorward: Doorward, *arguments: str) -> tuple[float, int]:
    """Run a command, and return its seconds and the most memory that it had, in bytes."""
    began, peak = monotonic(), 0
    process = subprocess.Popen([doorward.program, *arguments], env=doorward.environment, cwd=doorward.folder)
    while process.poll() is None:
        peak = max(peak, peak_bytes(process.pid))
        Event().wait(0.05)
    assert process.returncode == 0
    return monotonic() - began, peak


def peak_bytes(pid: int) -> int:
    """The most memory that the process has had so far; 0 when it is over. Unlike the kernel's account of a child, it
    does not contain the memory of the parent before the program was loaded."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


@pytest.mark.parametrize(("source", "target"), [("sqlite", "mysql"), ("mysql", "sqlite")])
def test_a_hundred_thousand_accounts_go_to_another_database_in_bounded_memory(
    tmp_path: Path,
    fresh_url: FreshUrl,
    source: str,
    target: str,
) -> None:
    """F-40: `pytest -s` shows the time, which depends on the machine."""
    here, there, file = fresh_url(source), fresh_url(target), tmp_path / "doorward.backup"
    on_database(DatabaseUrl.parse(here), fill_with_accounts)
    first = Doorward.patient(tmp_path, database_url=here)
    second = Doorward.patient(tmp_path, database_url=there)
    for command, of in ((("backup", str(file)), first), (("restore", str(file)), second)):
        seconds, memory = measured(of, *command)
        kind = source if of is first else target
        sys.stdout.write(f"{command[0]} {kind}: {seconds:.0f} s, {memory >> 20} MiB\n")
        assert memory < MAX_BYTES
    listed = second("users", "list", "--query", "account99999")
    assert "account99999@example.org" in listed.stdout
