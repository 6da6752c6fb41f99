"""The OpenAPI document is true to the last status code: tried by schemathesis, all checks on, and read here."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.length import FULL
from support.programs.server_process import Serve, Server

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
HERE = Path(__file__).parent
EXPLORATION_SECONDS = 1800
"""A busy machine needs many times what an idle one does."""

MAX_EXAMPLES = 5 if FULL else 2
"""How often each phase of schemathesis tries an operation, beside the boundary values."""

SIGN_OUT = ("signOut", "signOutEverywhere")

Json = dict[str, Any]


def explore(server: Server, *options: str) -> str:
    """Examples, boundary values, generated requests and sequences of them; short, and always the same ones. What it
    printed."""
    command = [
        *(str(SCHEMATHESIS), "--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{server.url}/openapi.json", "--checks", "all", "--max-examples", str(MAX_EXAMPLES), "--no-color"),
        *options,
    ]
    ran = subprocess.run(
        command,
        cwd=HERE.parents[2],
        env=server.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=EXPLORATION_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-2_000:]
    return ran.stdout


def test_the_document_is_true_for_strangers(serve: Serve, document: Json) -> None:
    """HT-13, HT-14, AZ-01: no 5xx for anything, and nothing opens. In the usual length, a route for which somebody must
    be signed in is left to admins, whose exploration leaves the token out as well."""
    explored = [name for name, is_open in names(document).items() if FULL or is_open or name in SIGN_OUT]
    told = explore(serve(), *only(explored))
    assert f"Tested: {len(explored)}" in told


def test_the_document_is_true_for_admins(serve: Serve, document: Json) -> None:
    """HT-13, HT-14: no 5xx for anything. Whoever signs out gets no further, hence that is left to strangers."""
    server = serve()
    explored = [name for name, is_open in names(document).items() if (FULL or not is_open) and name not in SIGN_OUT]
    told = explore(server, "--header", f"Authorization: Bearer {server.admin.token}", *only(explored))
    assert f"Tested: {len(explored)}" in told
    with server.client(headers=server.admin.bearer) as admin:
        assert admin.get("/api/account").is_success, "the session went on until the end"


def test_the_document_is_true_for_services(serve: Serve) -> None:
    """HT-13, HT-14: no 5xx for anything."""
    server = serve()
    pair = ":".join(server.add_service("explorer"))
    header = f"Authorization: Basic {b64encode(pair.encode()).decode()}"
    told = explore(server, "--header", header, *only(["introspect", "revoke"]))
    assert "Tested: 2" in told


def names(document: Json) -> dict[str, bool]:
    """The names of all operations, and whether each is open to strangers."""
    return {operation["operationId"]: not operation["security"] for _, operation in operations(document)}


def only(explored: Iterable[str]) -> list[str]:
    """The options that leave all other operations out."""
    return [part for name in explored for part in ("--include-operation-id", name)]


@pytest.fixture
def document(server: Server) -> Json:
    with server.client() as client:
        found: Json = client.get("/openapi.json").json()
    return found


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def references(part: Any) -> Iterator[str]:
    """Every `$ref` in a part of the document."""
    if isinstance(part, dict):
        yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_every_reference_leads_to_a_part_of_the_document(document: Json) -> None:
    """Generators of clients refuse a document in which one does not."""
    found = set(references(document))
    assert len(found) > 50
    for reference in found:
        part = document
        for name in reference.removeprefix("#/").split("/"):
            assert name in part, reference
            part = part[name]


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


ANY_WAY: list[Json] = [{"bearer": []}, {"accessToken": []}, {"cookie": []}]
GUARDED = ("/admin", "/api/account", "/signout", "/api/test/user", "/api/test/mod", "/api/test/staff")
"""Parts of the names of operations for which somebody must be signed in."""
BY_LETTER = "POST /api/account/email/confirm"
"""The operation below the own account for which the token of a letter is enough."""


def test_what_needs_a_token_says_so(document: Json) -> None:
    """TK-17, RF-15: every way of carrying it, and what comes without it."""
    schemes = document["components"]["securitySchemes"]
    assert (schemes["bearer"]["scheme"], schemes["accessToken"]["name"]) == ("bearer", "x-access-token")
    assert (schemes["cookie"]["in"], schemes["cookie"]["name"]) == ("cookie", "doorward-access")
    for name, operation in operations(document):
        guarded = any(part in name for part in GUARDED) and name != BY_LETTER
        if name not in FOR_SERVICES:
            assert operation["security"] == (ANY_WAY if guarded else []), name
        if guarded:
            assert "WWW-Authenticate" in resolved(document, operation["responses"]["401"])["headers"]
            assert "Retry-After" in resolved(document, operation["responses"]["503"])["headers"]


FOR_SERVICES = {f"POST /api/auth/{name}" for name in ("introspect", "revoke")}


def test_what_is_for_services_says_so(document: Json) -> None:
    """RFC 6749, section 5.2: and what comes without authentication."""
    assert document["components"]["securitySchemes"]["service"]["scheme"] == "basic"
    found = dict(operations(document))
    assert {name for name, operation in found.items() if operation["security"] == [{"service": []}]} == FOR_SERVICES
    for name in FOR_SERVICES:
        refused = resolved(document, found[name]["responses"]["401"])
        assert "WWW-Authenticate" in refused["headers"]
        examples = refused["content"]["application/problem+json"]["examples"]
        assert {code: example["value"]["error"] for code, example in examples.items()} == {
            "invalid_client": "invalid_client"
        }


FORMS = {"POST /api/auth/signup", "POST /api/auth/signin", *FOR_SERVICES}
"""What older clients, and those of OAuth, send."""


def test_a_body_is_json_and_where_older_clients_send_them_a_form(document: Json) -> None:
    for name, operation in operations(document):
        if "requestBody" in operation:
            media_types = ["application/json"]
            if name in FORMS:
                media_types.append("application/x-www-form-urlencoded")
            assert list(operation["requestBody"]["content"]) == media_types, name


def test_only_where_forms_are_taken_one_can_be_refused(document: Json) -> None:
    for name, operation in operations(document):
        examples = operation["responses"]["400"]["content"]["application/problem+json"]["examples"]
        assert ("invalid_form" in examples) is (name in FORMS), name


def test_the_document_tells_the_shortest_password_that_is_set(serve: Serve) -> None:
    server = serve(password_min_length="20", secret_key="a secret for this test only, 0c1d2e3f4a5b6c7d")
    with server.client() as client:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["SignUp"]["properties"]["password"]["minLength"] == 20
    assert schemas["NewUser"]["properties"]["password"]["minLength"] == 20
    assert schemas["PasswordChange"]["properties"]["newPassword"]["minLength"] == 20
    assert schemas["PasswordReset"]["properties"]["newPassword"]["minLength"] == 20


def test_no_member_of_a_body_has_a_default(document: Json) -> None:
    """Generators of clients take a member with a default for required."""
    for name, operation in operations(document):
        for content in operation.get("requestBody", {"content": {}})["content"].values():
            schema = document["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]
            assert not [member for member, said in schema["properties"].items() if "default" in said], name


def test_every_operation_takes_a_request_id(document: Json) -> None:
    for name, operation in operations(document):
        assert operation["parameters"][-1] == {"$ref": "#/components/parameters/RequestId"}, name
    assert document["components"]["parameters"]["RequestId"]["name"] == "X-Request-Id"


def test_every_operation_may_find_the_storage_unavailable(document: Json) -> None:
    for name, operation in operations(document):
        examples = resolved(document, operation["responses"]["503"])["content"]["application/problem+json"]["examples"]
        assert "storage_unavailable" in examples, name
        assert ("transaction_conflict" in examples) is not name.startswith("GET "), name


def test_answers_are_described_with_their_media_types(document: Json) -> None:
    answers = {name: operation["responses"] for name, operation in operations(document)}
    assert list(answers["GET /api/test/all"]["200"]["content"]) == ["text/plain"]
    assert list(answers["GET /metrics"]["200"]["content"]) == ["text/plain"]
    assert list(answers["GET /.well-known/revocations"]["200"]["content"]) == ["application/jwt", "text/*"]
    for status in ("200", "304"):
        assert {"ETag", "Preference-Applied"} <= set(answers["GET /.well-known/revocations"][status]["headers"])
    assert "content" not in answers["GET /.well-known/revocations"]["304"]
    assert {"200", "201"} <= set(answers["PUT /api/admin/roles/{role}"])
    assert {"Location", "X-Request-Id"} <= set(answers["POST /api/admin/users"]["201"]["headers"])
