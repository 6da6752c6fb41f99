"""The peers that are servers of their own, and how they are called."""

import json
from base64 import b64encode, urlsafe_b64decode
from dataclasses import replace

from peers.accounts import PASSWORD, email, username
from peers.calls import Answer, Call
from peers.distribution_toolchain import Distribution
from peers.go_toolchain import Go
from peers.peer import Peer

# --- Keycloak ----------------------------------------------------------------------------------

KEYCLOAK_PATH = "/realms/bench/protocol/openid-connect"
KEYCLOAK_CLIENT = {"client_id": "bench", "client_secret": "bench-secret"}
KEYCLOAK_BASIC = "Basic " + b64encode(":".join(KEYCLOAK_CLIENT.values()).encode()).decode()


def keycloak_grant(**form: str) -> Call:
    form |= KEYCLOAK_CLIENT
    return Call.posting_form(f"{KEYCLOAK_PATH}/token", form, body_contains='"refresh_token":"')


def keycloak_sign_in(number: int) -> Call:
    return keycloak_grant(grant_type="password", username=username(number), password=PASSWORD, scope="openid")


def keycloak_token(answer: Answer) -> str:
    return str(json.loads(answer.body)["access_token"])


def keycloak_user_info(token: str) -> Call:
    return Call.getting(f"{KEYCLOAK_PATH}/userinfo", {"Authorization": f"Bearer {token}"}, body_contains="@example.org")


def keycloak_introspect(token: str) -> Call:
    call = Call.posting_form(f"{KEYCLOAK_PATH}/token/introspect", {"token": token}, body_contains='"active":true')
    return replace(call, headers={**call.headers, "Authorization": KEYCLOAK_BASIC})


def keycloak_refresh(answer: Answer) -> Call:
    return keycloak_grant(grant_type="refresh_token", refresh_token=json.loads(answer.body)["refresh_token"])


KEYCLOAK = Peer(
    name="keycloak",
    title="Keycloak on MySQL, one node without a cluster, a heap of at most 1 GiB",
    toolchain=Distribution(),
    hashing="Argon2id at 7 MiB, t=5, p=1, its default.",
    revoking="The end of a session takes effect at once at Keycloak. A refresh token may be used again, its default.",
    signed_in_queries=None,
    compiles_for_seconds=20,
    ready=Call.getting("/realms/bench", body_contains='"realm":"bench"'),
    sign_up=None,
    sign_in=keycloak_sign_in,
    token=keycloak_token,
    signed_in=keycloak_user_info,
    own_account=keycloak_user_info,
    introspect=keycloak_introspect,
    refresh=keycloak_refresh,
)


# --- PocketBase --------------------------------------------------------------------------------

POCKETBASE_PATH = "/api/collections/users"


def pocketbase_sign_up(number: int) -> Call:
    document = {"email": email(number), "password": PASSWORD, "passwordConfirm": PASSWORD}
    return Call.posting(f"{POCKETBASE_PATH}/records", document, body_contains='"collectionName":"users"')


def pocketbase_sign_in(number: int) -> Call:
    document = {"identity": email(number), "password": PASSWORD}
    return Call.posting(f"{POCKETBASE_PATH}/auth-with-password", document, body_contains='"token":"')


def pocketbase_token(answer: Answer) -> str:
    return str(json.loads(answer.body)["token"])


def pocketbase_own_record(token: str) -> Call:
    claims = token.split(".")[1]
    record = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["id"]
    return Call.getting(f"{POCKETBASE_PATH}/records/{record}", {"Authorization": token}, body_contains="@example.org")


def pocketbase_refresh(answer: Answer) -> Call:
    call = Call.posting(f"{POCKETBASE_PATH}/auth-refresh", {}, body_contains='"token":"')
    return replace(call, headers={**call.headers, "Authorization": pocketbase_token(answer)})


POCKETBASE = Peer(
    name="pocketbase",
    title="PocketBase, with the SQLite inside it",
    toolchain=Go(),
    hashing="bcrypt at cost 10, its default.",
    revoking="A token cannot be revoked alone. A new password ends all tokens of an account. A refresh writes nothing.",
    signed_in_queries=None,
    storage="sqlite",
    ready=Call.getting("/api/health", body_contains="healthy"),
    sign_up=pocketbase_sign_up,
    sign_in=pocketbase_sign_in,
    token=pocketbase_token,
    signed_in=pocketbase_own_record,
    own_account=pocketbase_own_record,
    refresh=pocketbase_refresh,
)


# --- Ory Kratos --------------------------------------------------------------------------------


def kratos_flow(name: str, document: dict[str, object]) -> Call:
    """The answer to a flow: a request that opens it, and one that completes it with this document."""
    call = Call.posting(
        f"/self-service/{name}?flow={{id}}", {"method": "password", **document}, body_contains="@example.org"
    )
    return replace(call, opening=f"/self-service/{name}/api")


def kratos_sign_up(number: int) -> Call:
    return kratos_flow("registration", {"password": PASSWORD, "traits": {"email": email(number)}})


def kratos_sign_in(number: int) -> Call:
    return kratos_flow("login", {"password": PASSWORD, "identifier": email(number)})


def kratos_token(answer: Answer) -> str:
    return str(json.loads(answer.body)["session_token"])


def kratos_whoami(token: str) -> Call:
    return Call.getting("/sessions/whoami", {"X-Session-Token": token}, body_contains="@example.org")


def kratos_extend(answer: Answer) -> Call:
    session = json.loads(answer.body)["session"]["id"]
    return Call(
        method="PATCH",
        path=f"/admin/sessions/{session}/extend",
        body_contains="expires_at",
        is_for_admin_port=True,
    )


KRATOS = Peer(
    name="kratos",
    title="Ory Kratos, on SQLite",
    toolchain=Go(needs_c=True, tags="sqlite"),
    hashing="bcrypt at cost 12, its default.",
    revoking="The end of a session takes effect at once. An extension moves its end, and gives no new token.",
    signed_in_queries=None,
    storage="sqlite",
    ready=Call.getting("/health/ready", body_contains="ok"),
    sign_up=kratos_sign_up,
    sign_in=kratos_sign_in,
    token=kratos_token,
    signed_in=kratos_whoami,
    own_account=kratos_whoami,
    refresh=kratos_extend,
)
