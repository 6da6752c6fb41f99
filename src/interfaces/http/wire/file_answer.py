"""Answers with files of the package: pages and what they load."""

from functools import cache
from pathlib import Path

from litestar.response.base import ASGIResponse

Headers = tuple[tuple[str, str], ...]
"""Names and values. Their cached answer is found by them, so they cannot be a dictionary."""


@cache
def file_answer(file: Path, media_type: str, headers: Headers, public_path: str = "") -> ASGIResponse:
    """Return the answer with this file, which is read once. A file whose name ends in `.gz` is always sent compressed.
    In a page, `{path}` stands for `public_path`."""
    body = file.read_bytes()
    if media_type == "text/html":
        body = body.replace(b"{path}", public_path.encode())
    compression = {"Content-Encoding": "gzip"} if file.suffix == ".gz" else {}
    return ASGIResponse(body=body, media_type=media_type, headers=dict(headers) | compression)
