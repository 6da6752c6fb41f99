from enum import StrEnum


class LimitName(StrEnum):
    """What is limited. Each has a setting: `sign_up` is DOORWARD_LIMIT_SIGN_UP."""

    SIGN_IN = "sign_in"
    SIGN_UP = "sign_up"
    FORGOT = "forgot"
    RESET = "reset"
    CONFIRM = "confirm"
    REFRESH = "refresh"
    INTROSPECT = "introspect"
    CODE = "code"
    VERIFY = "verify"
