"""The members of a new account, for the bodies of sign-up and of the route for admins."""

from typing import Annotated, Final

from msgspec import Meta

from doorward.interfaces.http.wire.text_limits import EMAIL, NEW_PASSWORD, USERNAME

EXAMPLE_PASSWORD: Final = "violet harbour kettle"  # noqa: S105 for the OpenAPI document

NewUsername = Annotated[
    str,
    Meta(
        description="Unique, regardless of case. It is shown as it was typed.",
        examples=["ada"],
        extra_json_schema=USERNAME,
    ),
]
NewEmail = Annotated[
    str,
    Meta(
        description="Unique, regardless of case.",
        examples=["ada@example.org"],
        extra_json_schema=EMAIL,
    ),
]
NewPassword = Annotated[
    str,
    Meta(
        description="A few words are best. Common passwords, or those made of the username or email, are refused.",
        examples=[EXAMPLE_PASSWORD],
        extra_json_schema=NEW_PASSWORD,
    ),
]
