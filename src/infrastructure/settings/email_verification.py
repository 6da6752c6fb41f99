"""The setting DOORWARD_EMAIL_VERIFICATION."""

from typing import Annotated, Literal

from msgspec import Meta

EmailVerificationChoice = Annotated[
    Literal["off", "optional", "required"],
    Meta(
        description="`optional`: sign-up sends a letter with a link that verifies the address. `required`: and without "
        "it nobody signs in. `off`: sign-up sends no letter."
    ),
]
