"""The rules for bodies."""

from typing import Any

import pytest
from msgspec import json

from support.http.edge_driver import CHUNKED, JSON, Application, ask, post

FORM = (b"content-type", b"application/x-www-form-urlencoded")


JSON_TYPES = [
    b"application/json",
    b"Application/JSON",
    b"application/json; charset=utf-8",
    b"application/json;charset=UTF-8",
    b'application/json ; charset="utf-8"',
]
OTHER_TYPES = [
    b"text/plain",
    b"text/json",
    b"application/msgpack",
    b"application/x-msgpack",
    b"application/merge-patch+json",
    b"application/jsonx",
    b"application/json; charset=utf-16",
    b"application/json; charset=utf-8; charset=utf-16",
    b"application/json; profile=x",
    b"application/json, text/plain",
    b"application/json;",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"",
    b"\xff",
]


async def test_json_is_accepted() -> None:
    """HT-04."""
    statuses = {kind: (await post(Application(), b"{}", (b"content-type", kind))).status for kind in JSON_TYPES}
    assert statuses == dict.fromkeys(JSON_TYPES, 200)


async def test_other_media_types_are_refused() -> None:
    """HT-04."""
    app = Application()
    replies = {kind: await post(app, b"{}", (b"content-type", kind)) for kind in OTHER_TYPES}
    assert {kind: reply.status for kind, reply in replies.items()} == dict.fromkeys(OTHER_TYPES, 415)
    assert {reply.code for reply in replies.values()} == {"unsupported_media_type"}
    assert {reply.header("accept-post") for reply in replies.values()} == {"application/json"}
    assert not app.seen


async def test_a_body_without_a_media_type_is_refused() -> None:
    """HT-04."""
    assert (await post(Application(), b"{}", (b"accept", b"*/*"))).status == 415


async def test_compressed_bodies_are_refused() -> None:
    """HT-04."""
    for encoding in (b"gzip", b"br", b"identity", b"chunked"):
        reply = await post(Application(), b"{}", JSON, (b"content-encoding", encoding))
        assert (reply.status, reply.code) == (415, "unsupported_content_encoding")


@pytest.mark.parametrize("path", ["/api/auth/signin", "/api/auth/signup"])
async def test_sign_in_and_sign_up_accept_forms(path: str) -> None:
    app = Application()
    await post(app, b"username=ada&password=a%26b+c&roles=user", FORM, path=path)
    if path == "/api/auth/signin":
        assert json.decode(app.bodies[0]) == {"username": "ada", "password": "a&b c", "roles": ["user"]}
    headers = dict(app.scope["headers"])
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"content-length"] == str(len(b'{"username":"ada","password":"a&b c","roles":["user"]}')).encode()


async def test_a_form_on_another_route_or_with_another_method_is_refused() -> None:
    """HT-04."""
    assert (await post(Application(), b"a=b", FORM, path="/api/things")).status == 415
    headers = [FORM, (b"content-length", b"3")]
    assert (await ask(Application(), "PUT", "/api/auth/signin", headers, [b"a=b"])).status == 415


async def test_a_member_given_twice_in_a_form_is_refused() -> None:
    """SU-14."""
    reply = await post(Application(), b"username=a&username=b", FORM, path="/api/auth/signin")
    assert (reply.status, reply.code) == (400, "invalid_form")


async def test_json_with_two_meanings_never_reaches_the_application() -> None:
    """HT-14, SU-14."""
    app = Application()
    for body in (
        b"{",
        b"[]",
        b'{"a":1,"a":2}',
        b'{"a":"\xff"}',
        b'{"a":"\\u0000"}',
        b"{}x",
        b'{"a":NaN}',
        b'{"a":' * 33,
    ):
        reply = await post(app, body)
        assert (reply.status, reply.code) == (400, "invalid_json")
    assert not app.seen


async def test_a_password_of_another_type_reaches_the_application() -> None:
    """SI-04: the body is valid JSON and arrives unchanged."""
    app = Application()
    body = b'{"username":"ada","password":{"$ne":1}}'
    await post(app, body, path="/api/auth/signin")
    assert app.bodies == [body]


async def test_a_request_may_have_no_body() -> None:
    app = Application()
    assert (await ask(app, "PUT", "/api/things")).status == 200
    assert (await post(app, b"", FORM)).status == 200
    assert (await ask(app, "POST", "/api/things", [CHUNKED], [b""])).status == 200


async def test_the_body_of_a_delete_is_read_like_any_other() -> None:
    app = Application()
    headers = [JSON, (b"content-length", b"7")]
    assert (await ask(app, "DELETE", "/api/things", headers, [b'{"a":1}'])).status == 200
    assert app.bodies == [b'{"a":1}']
    assert (await ask(app, "DELETE", "/api/things", headers, [b'{"a":1,'])).status == 400


async def test_chunks_become_one_body() -> None:
    app = Application()
    assert (await ask(app, "POST", "/api/things", [JSON, CHUNKED], [b'{"a', b'":', b"1}", b""])).status == 200
    assert app.bodies == [b'{"a":1}']


async def test_the_application_receives_the_body_once() -> None:
    async def app(_: Any, receive: Any, send: Any) -> None:
        first, second = await receive(), await receive()
        assert (first["body"], second) == (b"{}", {"type": "http.disconnect"})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    assert (await post(app, b"{}")).status == 200


def filled(size: int) -> bytes:
    """Return a JSON object of that many bytes."""
    return b'{"a":"' + b"x" * (size - 8) + b'"}'


async def test_a_body_may_be_as_large_as_the_limit() -> None:
    """HT-06."""
    assert (await post(Application(), filled(16_384))).status == 200
    reply = await post(Application(), filled(16_385))
    assert (reply.status, reply.code) == (413, "body_too_large")


async def test_a_chunked_body_may_be_as_large_as_the_limit() -> None:
    """HT-06."""
    body = filled(16_385)
    halves = [body[:9000], body[9000:]]
    reply = await ask(Application(), "POST", "/api/things", [JSON, CHUNKED], halves)
    assert reply.status == 413
    reply = await ask(Application(), "POST", "/api/things", [JSON, CHUNKED], [filled(16_384), b""])
    assert reply.status == 200


async def test_a_huge_length_is_refused_before_anything_is_read() -> None:
    """HT-06."""
    headers = [JSON, (b"content-length", b"10000000000")]
    reply = await ask(Application(), "POST", "/api/things", headers, ends="silent", body_timeout_seconds=3600)
    assert (reply.status, reply.header("connection")) == (413, "close")


@pytest.mark.parametrize("headers", [[JSON, (b"content-length", b"17000")], [JSON, CHUNKED]])
async def test_the_end_of_an_oversize_body_is_not_awaited(
    headers: list[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """HT-06."""
    monkeypatch.setattr("doorward.interfaces.http.edge.body.MAX_DISCARD_SECONDS", 0.001)
    chunks = [b"x" * 16_385]
    reply = await ask(Application(), "POST", "/api/things", headers, chunks, ends="silent", body_timeout_seconds=3600)
    assert reply.status == 413


async def test_a_body_in_many_small_chunks_is_refused() -> None:
    """HT-17: each chunk costs as much as a part of the body, however small it is."""
    body = [b" "] * 126 + [b"{}"]
    assert (await ask(Application(), "POST", "/api/things", [JSON, CHUNKED], [*body, b""])).status == 200
    for chunks in ([*body, b" ", b" "], [b" "] * 20_000, [b" " * 17_000, *[b" "] * 20_000]):
        app = Application()
        reply = await ask(app, "POST", "/api/things", [JSON, CHUNKED], chunks)
        assert (reply.status, reply.code, reply.header("connection")) == (413, "body_too_large", "close")
        assert "128 chunks" in reply.problem["detail"]
        assert not app.seen


async def test_an_endless_body_is_cut_off() -> None:
    chunks = [b"x" * 65_536] * 100
    reply = await ask(
        Application(), "POST", "/api/things", [JSON, CHUNKED], chunks, ends="silent", body_timeout_seconds=3600
    )
    assert (reply.status, reply.header("connection")) == (413, "close")


@pytest.mark.parametrize("chunks", [[], [b'{"a'], [b'{"a":', b"1"]])
async def test_a_body_that_does_not_arrive_in_time_ends_the_request(chunks: list[bytes]) -> None:
    app = Application()
    headers = [JSON, (b"content-length", b"100")]
    reply = await ask(app, "POST", "/api/things", headers, chunks, ends="silent", body_timeout_seconds=0.001)
    assert (reply.status, reply.code, reply.header("connection")) == (408, "body_too_slow", "close")
    assert not app.seen


async def test_a_malformed_chunk_is_a_bad_request() -> None:
    """HT-07: the server reports it like a client that has left."""
    app = Application()
    reply = await ask(app, "POST", "/api/things", [JSON, CHUNKED], [b'{"a":1}'], ends="disconnected")
    assert (reply.status, reply.code, reply.header("connection")) == (400, "incomplete_body", "close")
    assert not app.seen
