import io
import sys

import click
import pytest

from doorward.interfaces.cli.passwords import read_password


def piped(monkeypatch: pytest.MonkeyPatch, content: bytes) -> str:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    return read_password()


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\nanother line"])
def test_a_piped_password_is_the_first_line_without_its_end(monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    assert piped(monkeypatch, b" violet kettle " + end) == " violet kettle "


def test_a_byte_order_mark_is_not_a_part_of_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    assert piped(monkeypatch, "\ufeffviolet kettle\n".encode()) == "violet kettle"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\n"])
def test_without_a_readable_password_the_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    with pytest.raises(click.UsageError, match="standard input"):
        piped(monkeypatch, content)


def test_without_standard_input_the_command_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python sets `sys.stdin` to None when the process was started with standard input closed (`<&-`)."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(click.UsageError, match="standard input"):
        read_password()
