"""An app of fastapi-users on MySQL, built as its documentation describes."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

SECRET = secrets.token_hex(32)
TOKEN_LIFETIME_SECONDS = 3600

engine = create_async_engine(
    URL.create(
        "mysql+asyncmy",
        username=os.environ["MYSQL_USER"],
        password=os.environ["MYSQL_PASSWORD"],
        host=os.environ["MYSQL_HOST"],
        port=int(os.environ["MYSQL_PORT"]),
        database=os.environ["MYSQL_DATABASE"],
    )
)
new_session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class UserRead(schemas.BaseUser[UUID]):
    pass


class UserCreate(schemas.BaseUserCreate):
    pass


class UserUpdate(schemas.BaseUserUpdate):
    pass


class UserManager(UUIDIDMixin, BaseUserManager[User, UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


Users = SQLAlchemyUserDatabase[User, UUID]


async def session() -> AsyncIterator[AsyncSession]:
    async with new_session() as opened_session:
        yield opened_session


async def users(opened_session: Annotated[AsyncSession, Depends(session)]) -> AsyncIterator[Users]:
    yield SQLAlchemyUserDatabase(opened_session, User)


async def manager(database: Annotated[Users, Depends(users)]) -> AsyncIterator[UserManager]:
    yield UserManager(database)


def strategy() -> JWTStrategy[User, UUID]:
    return JWTStrategy(secret=SECRET, lifetime_seconds=TOKEN_LIFETIME_SECONDS)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


backend = AuthenticationBackend(name="jwt", transport=BearerTransport(tokenUrl="auth/jwt/login"), get_strategy=strategy)
routers = FastAPIUsers[User, UUID](manager, [backend])

app = FastAPI(lifespan=lifespan)
app.include_router(routers.get_auth_router(backend), prefix="/auth/jwt")
app.include_router(routers.get_register_router(UserRead, UserCreate), prefix="/auth")
app.include_router(routers.get_users_router(UserRead, UserUpdate), prefix="/users")

if __name__ == "__main__":
    uvicorn.run(
        app,
        host=os.environ["HOST"],
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
