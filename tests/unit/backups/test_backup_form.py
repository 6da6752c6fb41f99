"""The form of a backup file: what is written is read again, and nothing else is."""

from datetime import UTC, datetime
from gzip import compress, decompress
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from doorward.domain.errors import BackupUnreadable
from doorward.infrastructure.backup.form import FORM, ROWS_AT_ONCE, ColumnHeading, Heading, Kind, TableHeading
from doorward.infrastructure.backup.reading import BackupReader
from doorward.infrastructure.backup.writing import BackupWriter
from doorward.testing.doubles import NOON

KINDS: tuple[Kind, ...] = ("uuid", "key", "text", "bytes", "time", "flag", "number")
MOMENT = datetime(2026, 11, 30, 7, 45, 0, 1, tzinfo=UTC)
FULL_ROW = (UUID(int=7), "ada", "Ada \u2028\n🚪", bytes(range(256)), MOMENT, True, -(2**63))
EMPTY_ROW = (None,) * len(KINDS)


def heading(rows: int, format_name: str = FORM) -> Heading:
    columns = tuple(ColumnHeading(f"a_{kind}", kind) for kind in KINDS)
    tables = (TableHeading("none", columns, 0), TableHeading("some", columns, rows))
    return Heading(format_name, "0015", "1.0", NOON, tables)


def written(*rows: tuple[Any, ...], format_name: str = FORM) -> bytes:
    file = BytesIO()
    writer = BackupWriter(file, heading(len(rows), format_name))
    writer.rows([])
    writer.rows(rows)
    writer.end()
    return file.getvalue()


def read(backup: bytes) -> list[tuple[Any, ...]]:
    reader = BackupReader(BytesIO(backup))
    found = [row for table in reader.heading.tables for rows in reader.rows(table) for row in rows]
    reader.end()
    return found


def test_every_kind_of_value_is_read_as_it_was_written() -> None:
    """F-40."""
    assert read(written(FULL_ROW, EMPTY_ROW)) == [FULL_ROW, EMPTY_ROW]


def test_the_same_content_is_the_same_file() -> None:
    assert written(FULL_ROW) == written(FULL_ROW)


def test_rows_are_read_in_parts() -> None:
    """F-40: so that the memory does not grow with the table."""
    reader = BackupReader(BytesIO(written(*[EMPTY_ROW] * (ROWS_AT_ONCE + 1))))
    assert [len(rows) for table in reader.heading.tables for rows in reader.rows(table)] == [ROWS_AT_ONCE, 1]


def test_long_rows_are_read_in_smaller_parts() -> None:
    """F-40: so that the memory does not grow with what somebody wrote into the file, either."""
    row = (None, None, "a" * (1 << 19), *EMPTY_ROW[3:])
    reader = BackupReader(BytesIO(written(*[row] * 20)))
    assert [len(rows) for table in reader.heading.tables for rows in reader.rows(table)] == [8, 8, 4]


def test_a_file_that_was_cut_off_is_refused_wherever_it_ends() -> None:
    """F-40."""
    whole = written(FULL_ROW, FULL_ROW)
    for end in range(len(whole)):
        with pytest.raises(BackupUnreadable, match=r"cut off|no file that"):
            read(whole[:end])


def test_a_file_is_refused_with_any_bit_altered() -> None:
    """F-40. The first bytes of gzip and its last eight are those of the format; the name of the system is of no use."""
    whole = written(FULL_ROW)
    without_meaning = {4, 5, 6, 7, 8, 9}
    for place in set(range(len(whole))) - without_meaning:
        altered = bytearray(whole)
        altered[place] ^= 1 << place % 8
        with pytest.raises(BackupUnreadable):
            read(bytes(altered))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"rows":1', b'"rows":2'),
        (b'"rows":1', b'"rows":0'),
        (b"Ada", b"Eve"),
        (b'"sha256":"', b'"sha256":"0'),
        (b",true,", b',"true",'),
        (b"-9223372036854775808", b"1.5"),
        (b'"ada"', b"5"),
        (b"]\n", b"]\n\n"),
        (b"]\n", b"]"),
    ],
)
def test_a_file_that_was_packed_again_with_another_content_is_refused(old: bytes, new: bytes) -> None:
    """F-40."""
    lines = decompress(written(FULL_ROW))
    assert old in lines
    with pytest.raises(BackupUnreadable, match=r"altered|cut off"):
        read(compress(lines.replace(old, new, 1)))


def test_what_follows_the_end_is_refused() -> None:
    lines = decompress(written(FULL_ROW))
    with pytest.raises(BackupUnreadable, match="altered"):
        read(compress(lines + b"[]\n"))


@pytest.mark.parametrize(
    "content",
    [b"", b"SQLite format 3\0", b"{}\n", compress(b"{}\n"), compress(b"\xff\n")],
    ids=["empty", "sqlite", "not compressed", "another object", "not UTF-8"],  # compressed bytes hold the time
)
def test_another_file_is_no_backup(content: bytes) -> None:
    with pytest.raises(BackupUnreadable, match=r"no file that `doorward backup` wrote|cut off"):
        read(content)


def test_a_line_without_an_end_is_not_read_into_memory() -> None:
    lines = decompress(written())
    with pytest.raises(BackupUnreadable, match="altered"):
        read(compress(lines.splitlines(keepends=True)[0] + b"x" * (1 << 21)))


def test_a_later_form_is_named() -> None:
    with pytest.raises(BackupUnreadable, match="its form is doorward-backup-2, and this version reads doorward-back"):
        read(written(format_name="doorward-backup-2"))
