"""Limits of texts and lists in requests, for the OpenAPI document. The domain checks those that it has a rule for."""

from typing import Final

from doorward.domain.access.role import DESCRIPTION, MAX_DESCRIPTION_CHARACTERS, NAME
from doorward.domain.accounts.email import MAX_EMAIL_CHARACTERS
from doorward.domain.accounts.password import MAX_PASSWORD_CHARACTERS
from doorward.domain.accounts.suspension import MAX_REASON_CHARACTERS
from doorward.domain.accounts.username import ALLOWED

USERNAME: Final = {"pattern": f"^{ALLOWED.pattern}$"}
PASSWORD: Final = {"format": "password"}
NEW_PASSWORD: Final = {**PASSWORD, "maxLength": MAX_PASSWORD_CHARACTERS}
"""Its least length is a setting, which the document of the API adds."""
EMAIL: Final = {"format": "email", "maxLength": MAX_EMAIL_CHARACTERS}
ID_OR_USERNAME: Final = {"pattern": r"^[^@\ufe6b\uff20\x00-\x1f\x7f]*$"}
"""No at sign in any of its forms, since an email is refused, and no control characters."""
ROLE_NAME: Final = {"pattern": f"^{NAME.pattern}$"}
REASON: Final = {"pattern": f"^{DESCRIPTION.pattern}$", "maxLength": MAX_REASON_CHARACTERS}
ROLE_DESCRIPTION: Final = {"pattern": f"^{DESCRIPTION.pattern}$", "maxLength": MAX_DESCRIPTION_CHARACTERS}
"""Values for `extra_json_schema`. Clients read them, and the domain checks texts."""

MAX_USERNAME_OR_EMAIL_CHARACTERS: Final = MAX_EMAIL_CHARACTERS
"""An email may be longer than a username."""

MAX_ROLES: Final = 32
"""The limit of roles in one request."""

PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$(?!\n)"
"""The pattern of texts without control characters."""
