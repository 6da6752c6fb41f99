"""DOORWARD_SIGN_UP, over HTTP and in both dialects."""

import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import ServeApp
from support.http.service import outcome, somebody


@pytest.mark.parametrize("dialect", ["standard", "tutorial"])
@pytest.mark.parametrize(("mode", "code"), [("invited", "sign_up_by_invitation"), ("closed", "sign_up_closed")])
def test_strangers_cannot_sign_up_and_admins_create_accounts(
    serve: ServeApp, dialect: str, mode: str, code: str
) -> None:
    server = serve(sign_up=mode, dialect=dialect)
    with server.client() as client, server.client(headers=server.admin.bearer) as admin:
        for body in (somebody("ada"), somebody("ada", password="short"), {**somebody("ada"), "roles": ["nothing"]}):
            answer = client.post("/api/auth/signup", json=body)
            assert outcome(answer) == (403, code)
            assert "administrator" in answer.json()["message"]
        assert admin.post("/api/admin/users", json=somebody("ada")).status_code == 201
        signed_in = client.post("/api/auth/signin", json={"username": "ada", "password": PASSWORD})
        assert signed_in.status_code == 200
        refusals = client.get("/openapi.json").json()["paths"]["/api/auth/signup"]["post"]["responses"]["403"]
        assert {"sign_up_by_invitation", "sign_up_closed"} <= set(
            refusals["content"]["application/problem+json"]["examples"]
        )
