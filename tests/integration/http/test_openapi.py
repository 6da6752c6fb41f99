"""The OpenAPI document is true to the last status code: tried by schemathesis, all checks on, and read here."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server_process import Serve, Server

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
HERE = Path(__file__).parent
LONGEST = 180
"""Seconds."""

Json = dict[str, Any]


def explore(server: Server, *headers: str) -> None:
    """Examples, boundary values, generated requests and sequences of them; short, and always the same ones."""
    command = [
        *(str(SCHEMATHESIS), "--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{server.url}/openapi.json", "--checks", "all", "--max-examples", "5", "--no-color"),
    ]
    for header in headers:
        command += ["--header", header]
    ran = subprocess.run(
        command,
        cwd=HERE.parents[2],
        env=server.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-2_000:]
    assert "Tested: 22" in ran.stdout


def test_the_document_is_true_for_strangers(serve: Serve) -> None:
    """HT-13, HT-14, AZ-01: no 5xx for anything, and nothing opens."""
    explore(serve())


def test_the_document_is_true_for_admins(serve: Serve) -> None:
    """HT-13, HT-14: no 5xx for anything."""
    server = serve()
    explore(server, f"Authorization: Bearer {server.admin.token}")


@pytest.fixture
def document(server: Server) -> Json:
    with server.client() as client:
        found: Json = client.get("/openapi.json").json()
    return found


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def resolved(document: Json, response: Json) -> Json:
    if "$ref" not in response:
        return response
    found: Json = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return found


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag(document: Json) -> None:
    found = list(operations(document))
    assert len({operation["operationId"] for _, operation in found}) == len(found)
    assert all(operation["summary"] and operation["tags"] for _, operation in found)


def test_every_refusal_is_a_problem_with_an_example_for_each_code(document: Json) -> None:
    for name, operation in operations(document):
        statuses = set(operation["responses"])
        assert {"400", "413", "414", "421", "431", "500"} <= statuses, name
        for status, response in operation["responses"].items():
            if status < "400":
                continue
            content = resolved(document, response)["content"]
            assert list(content) == ["application/problem+json"], name
            examples = content["application/problem+json"]["examples"]
            for code, example in examples.items():
                assert (example["value"]["code"], str(example["value"]["status"])) == (code, status)


def test_what_needs_a_token_says_so(document: Json) -> None:
    """TK-17: both ways of carrying it, and what comes without it."""
    schemes = document["components"]["securitySchemes"]
    assert (schemes["bearer"]["scheme"], schemes["accessToken"]["name"]) == ("bearer", "x-access-token")
    for name, operation in operations(document):
        guarded = "/admin" in name or name in {f"GET /api/test/{part}" for part in ("user", "mod", "staff")}
        assert operation["security"] == ([{"bearer": []}, {"accessToken": []}] if guarded else []), name
        if guarded:
            assert "WWW-Authenticate" in resolved(document, operation["responses"]["401"])["headers"]
            assert "Retry-After" in resolved(document, operation["responses"]["503"])["headers"]


def test_sign_up_and_sign_in_take_json_and_forms_and_nothing_else_does(document: Json) -> None:
    for name, operation in operations(document):
        if "requestBody" in operation:
            media_types = ["application/json"]
            if name in {"POST /api/auth/signup", "POST /api/auth/signin"}:
                media_types.append("application/x-www-form-urlencoded")
            assert list(operation["requestBody"]["content"]) == media_types, name


def test_only_where_forms_are_taken_one_can_be_refused(document: Json) -> None:
    for name, operation in operations(document):
        examples = operation["responses"]["400"]["content"]["application/problem+json"]["examples"]
        assert ("invalid_form" in examples) is name.startswith("POST /api/auth/"), name


def test_the_document_tells_the_shortest_password_that_is_set(serve: Serve) -> None:
    server = serve(password_min_length="20", secret_key="a secret for this test only, 0c1d2e3f4a5b6c7d")
    with server.client() as client:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["SignUp"]["properties"]["password"]["minLength"] == 20
