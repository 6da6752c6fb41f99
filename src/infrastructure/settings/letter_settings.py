"""The settings of letters: what each may be, and what the documentation says of it."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

MailServerUrl = Annotated[
    str | None,
    Meta(
        description="Mail server for letters: `smtp://USER:PASSWORD@HOST:PORT` (STARTTLS), or `smtps://` for "
        "implicit TLS, or a URL whose scheme an installed mailer has. `DOORWARD_SMTP_URL_FILE` names a file that holds "
        "it.",
        extra={"default": "none: letters become files in DATA_DIR/letters"},
    ),
]
MailSender = Annotated[
    str,
    Meta(
        description="Sender of letters, such as `Example <noreply@example.com>`. Required with SMTP_URL.",
        extra={"default": "doorward@localhost.localdomain"},
    ),
]
TemplateFolder = Annotated[
    Path | None,
    Meta(
        description="Folder of templates of your own for letters; see [letters](letters.md).",
        extra={"default": "none"},
    ),
]
NewDeviceLetters = Annotated[
    bool, Meta(description="Tell people by letter of a sign-in from a device that their account has not used before.")
]
EmailVerificationChoice = Annotated[
    Literal["off", "optional", "required"],
    Meta(
        description="`optional`: sign-up sends a letter with a link that verifies the address. `required`: the "
        "same, and nobody signs in before it is verified. `off`: sign-up sends no letter."
    ),
]
EmailCodes = Annotated[
    bool, Meta(description="Let people sign in with a code from a letter, in place of their password.")
]
