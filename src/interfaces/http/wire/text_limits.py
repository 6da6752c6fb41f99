"""Limits of texts and lists in requests, for the OpenAPI document. Where the domain has a rule, it decides."""

from typing import Final

from doorward.domain.access.role import DESCRIPTION, MAX_DESCRIPTION_CHARACTERS, NAME
from doorward.domain.accounts.email import MAX_EMAIL_CHARACTERS
from doorward.domain.accounts.username import ALLOWED

USERNAME: Final = {"pattern": f"^{ALLOWED.pattern}$"}
EMAIL: Final = {"format": "email", "maxLength": MAX_EMAIL_CHARACTERS}
ROLE_NAME: Final = {"pattern": f"^{NAME.pattern}$"}
ROLE_DESCRIPTION: Final = {"pattern": f"^{DESCRIPTION.pattern}$", "maxLength": MAX_DESCRIPTION_CHARACTERS}
"""For `extra_json_schema`: clients read them, the domain decides."""

MAX_USERNAME_OR_EMAIL_CHARACTERS: Final = MAX_EMAIL_CHARACTERS
"""An email may be longer than a username."""

MAX_ROLES: Final = 32
"""In one request."""

PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$(?!\n)"
