"""The texts that say where a page of accounts ended: the id of its last account, after a time where that gives the
order."""

from datetime import datetime, timedelta
from uuid import UUID

from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidAfter
from doorward.domain.ids import UserId

SEPARATOR = "/"


def moment_mark(moment: datetime, user: User) -> str:
    return f"{moment.isoformat().replace('+00:00', 'Z')}{SEPARATOR}{user.id}"


def id_after(mark: str | None) -> UserId | None:
    """Return the id. Raise InvalidAfter."""
    return None if mark is None else read_id(mark)


def moment_after(mark: str | None) -> tuple[datetime, UserId] | None:
    """Return the time and the id. Raise InvalidAfter."""
    if mark is None:
        return None
    match mark.split(SEPARATOR):
        case [moment, user_id]:
            return read_moment(moment), read_id(user_id)
    raise InvalidAfter


def read_id(text: str) -> UserId:
    try:
        return UserId(UUID(text))
    except ValueError:
        raise InvalidAfter from None


def read_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidAfter from None
    if moment.utcoffset() != timedelta(0):
        raise InvalidAfter
    return moment
