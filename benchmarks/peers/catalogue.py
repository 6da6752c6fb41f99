"""The peers of this folder, and how they are called."""

import json

from peers.accounts import PASSWORD, email, username
from peers.calls import Answer, Call
from peers.peer import Peer
from peers.servers import KEYCLOAK, KRATOS, POCKETBASE
from peers.toolchains import Node, VirtualEnvironment

# --- the tutorial's stack ----------------------------------------------------------------------


def express_sign_up(number: int) -> Call:
    document = {"username": username(number), "email": email(number), "password": PASSWORD}
    return Call.posting("/api/auth/signup", document, body_contains="registered successfully")


def express_sign_in(number: int) -> Call:
    document = {"username": username(number), "password": PASSWORD}
    return Call.posting("/api/auth/signin", document, body_contains='"accessToken":"')


def express_token(answer: Answer) -> str:
    return str(json.loads(answer.body)["accessToken"])


def express_signed_in(token: str) -> Call:
    return Call.getting("/api/test/user", {"x-access-token": token}, body_contains="User Content.")


def express_role_guarded(token: str) -> Call:
    return Call.getting("/api/test/admin", {"x-access-token": token}, body_contains="Admin Content.")


def express_make_admin(number: int) -> str:
    return (
        "INSERT INTO user_roles (userId, roleId, createdAt, updatedAt) SELECT users.id, roles.id, NOW(), NOW()"
        f" FROM users, roles WHERE users.username = '{username(number)}' AND roles.name = 'admin'"
    )


EXPRESS_PUBLIC = Call.getting("/api/test/all", body_contains="Public Content.")

EXPRESS = Peer(
    name="express",
    title="The tutorial's stack: Express, Sequelize, jsonwebtoken, bcryptjs",
    toolchain=Node(),
    hashing="bcrypt at cost 8, computed in JavaScript on the thread that answers all requests.",
    revoking="A token cannot be revoked and is valid for a day. The end of an account or role takes effect at once.",
    signed_in_queries=1,
    role_guarded_queries=3,
    ready=EXPRESS_PUBLIC,
    sign_up=express_sign_up,
    sign_in=express_sign_in,
    token=express_token,
    signed_in=express_signed_in,
    role_guarded=express_role_guarded,
    make_admin=express_make_admin,
    public=EXPRESS_PUBLIC,
)


# --- better-auth -------------------------------------------------------------------------------


def better_auth_sign_up(number: int) -> Call:
    document = {"name": username(number), "email": email(number), "password": PASSWORD}
    return Call.posting("/api/auth/sign-up/email", document, body_contains='"token":"')


def better_auth_sign_in(number: int) -> Call:
    document = {"email": email(number), "password": PASSWORD}
    return Call.posting("/api/auth/sign-in/email", document, body_contains='"token":"')


def better_auth_token(answer: Answer) -> str:
    """The session cookie as a Cookie header."""
    cookies = (value.partition(";")[0] for name, value in answer.headers if name == "set-cookie")
    return next(cookie for cookie in cookies if cookie.startswith("better-auth.session_token="))


def better_auth_signed_in(token: str) -> Call:
    return Call.getting("/api/auth/get-session", {"Cookie": token}, body_contains="@example.org")


BETTER_AUTH_PUBLIC = Call.getting("/api/auth/ok", body_contains='"ok":true')

BETTER_AUTH = Peer(
    name="better-auth",
    title="better-auth on node:http, with its MySQL pool",
    toolchain=Node(),
    hashing="scrypt at N=16384, r=16, p=1, in Node's pool of four threads.",
    revoking="The end of a session takes effect at once. The cookie cache, which would save the queries, is off.",
    signed_in_queries=2,
    ready=BETTER_AUTH_PUBLIC,
    sign_up=better_auth_sign_up,
    sign_in=better_auth_sign_in,
    token=better_auth_token,
    signed_in=better_auth_signed_in,
    public=BETTER_AUTH_PUBLIC,
)


# --- fastapi-users -----------------------------------------------------------------------------


def fastapi_users_sign_up(number: int) -> Call:
    document = {"email": email(number), "password": PASSWORD}
    return Call.posting("/auth/register", document, status=201, body_contains='"is_active":true')


def fastapi_users_sign_in(number: int) -> Call:
    document = {"username": email(number), "password": PASSWORD}
    return Call.posting_form("/auth/jwt/login", document, body_contains='"access_token":"')


def fastapi_users_token(answer: Answer) -> str:
    return str(json.loads(answer.body)["access_token"])


def fastapi_users_signed_in(token: str) -> Call:
    return Call.getting("/users/me", {"Authorization": f"Bearer {token}"}, body_contains="@example.org")


FASTAPI_USERS = Peer(
    name="fastapi_users",
    title="fastapi-users on uvicorn, with SQLAlchemy and asyncmy",
    toolchain=VirtualEnvironment(),
    hashing="Argon2id at 64 MiB, t=3, p=4, computed on the thread that answers all requests.",
    revoking="A token cannot be revoked and is valid for an hour. The end of an account takes effect at once.",
    signed_in_queries=1,
    ready=Call(method="GET", path="/users/me", status=401, body_contains="Unauthorized"),
    sign_up=fastapi_users_sign_up,
    sign_in=fastapi_users_sign_in,
    token=fastapi_users_token,
    signed_in=fastapi_users_signed_in,
)

PEERS = (EXPRESS, BETTER_AUTH, FASTAPI_USERS, KEYCLOAK, POCKETBASE, KRATOS)
