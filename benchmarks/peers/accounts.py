"""The accounts that sign up and sign in, the same for Doorward and all peers."""

PASSWORD = "violet harbour kettle"


def username(number: int) -> str:
    return f"user-{number}"


def email(number: int) -> str:
    return f"{username(number)}@example.org"
