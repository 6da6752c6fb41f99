"""The dialect `tutorial`: the rows in which it differs, and that the others do not."""

import httpx2

from doorward.testing.builders import PASSWORD
from support.http.in_process import ServeApp
from support.http.service import somebody


def problem(answer: httpx2.Response) -> tuple[int, str, str]:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (body["detail"], body["status"]) == (body["message"], answer.status_code)
    return answer.status_code, body["code"], body["message"]


def test_sign_up_and_sign_in_answer_as_the_tutorial_does(serve: ServeApp) -> None:
    server = serve(dialect="tutorial")
    ada = somebody("ada")
    with server.client() as client:
        created = client.post("/api/auth/signup", json={**ada, "roles": ["moderator"]})
        assert (created.status_code, created.json()) == (201, {"message": "User registered successfully!"})
        same_name = client.post("/api/auth/signup", json={**ada, "email": "a@example.org"})
        assert problem(same_name) == (400, "username_taken", "Username is already in use!")
        same_email = client.post("/api/auth/signup", json={**ada, "username": "bob"})
        assert problem(same_email) == (400, "email_taken", "Email is already in use!")
        unknown_role = client.post("/api/auth/signup", json={**ada, "username": "bob", "roles": ["boss"]})
        assert problem(unknown_role) == (400, "role_unknown", "Role boss does not exist!")
        refused = client.post("/api/auth/signup", json={**ada, "username": "b"})
        assert problem(refused)[:2] == (400, "invalid_username")

        unknown = client.post("/api/auth/signin", json={"username": "nobody", "password": PASSWORD})
        assert problem(unknown) == (404, "invalid_credentials", "User Not found.")
        wrong = client.post("/api/auth/signin", json={"username": "ada", "password": "violet harbour kettles"})
        assert problem(wrong) == (401, "invalid_credentials", "Invalid Password!")
        assert wrong.json()["accessToken"] is None
        answer = client.post("/api/auth/signin", data={"username": "ada", "password": PASSWORD})
        server.hide(answer)
        signed_in = answer.json()
        assert signed_in["roles"] == ["ROLE_USER"]
        content = client.get("/api/test/user", headers={"x-access-token": signed_in["accessToken"]})
        assert (content.status_code, content.text) == (200, "User Content.")


def test_guarded_resources_answer_as_the_tutorial_does(serve: ServeApp) -> None:
    server = serve(dialect="tutorial")
    ada = server.create_user("ada", "moderator")
    with server.client() as client:
        assert client.get("/").json() == {"message": "Welcome to the Doorward authentication API."}
        assert client.get("/api/test/all").text == "Public Content."
        for path in ("user", "mod", "admin", "staff"):
            nobody = client.get(f"/api/test/{path}")
            assert problem(nobody) == (403, "token_required", "No token provided!")
            assert nobody.headers["www-authenticate"] == "Bearer"
            forged = client.get(f"/api/test/{path}", headers={"x-access-token": ada.token[:-2]})
            assert problem(forged) == (401, "invalid_token", "Unauthorized!")
        texts = {path: client.get(f"/api/test/{path}", headers=ada.bearer).text for path in ("user", "mod", "staff")}
        assert texts == {"user": "User Content.", "mod": "Moderator Content.", "staff": "Staff Content."}
        refused = client.get("/api/test/admin", headers=ada.bearer)
        assert problem(refused) == (403, "insufficient_scope", "Require Admin Role!")


def test_the_front_end_of_the_tutorial_may_call_and_the_document_tells_the_dialect(serve: ServeApp) -> None:
    """CO-02: its one origin, and no other."""
    server = serve(dialect="tutorial")
    with server.client() as client:
        allowed = client.get("/api/test/all", headers={"Origin": "http://localhost:8081"})
        assert allowed.headers["access-control-allow-origin"] == "http://localhost:8081"
        other = client.get("/api/test/all", headers={"Origin": "http://localhost:8082"})
        assert "access-control-allow-origin" not in other.headers
        paths = client.get("/openapi.json").json()["paths"]
    assert "404" in paths["/api/auth/signin"]["post"]["responses"]
    assert "409" not in paths["/api/auth/signup"]["post"]["responses"]
    assert "403" in paths["/api/test/user"]["get"]["responses"]
