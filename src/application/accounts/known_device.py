from doorward.application.ports.attempts import DeviceTokens
from doorward.domain.accounts.attempts import DeviceId
from doorward.domain.accounts.user import User


def known_device(devices: DeviceTokens, user: User | None, token: str | None) -> DeviceId | None:
    """Return the device of the token, if the account has signed in from it before."""
    known = devices.read(token) if token is not None else None
    return known.device if known and user and user.id == known.user_id else None
