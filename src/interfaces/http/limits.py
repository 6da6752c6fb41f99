"""What texts and lists of requests may hold, as the document tells it; the domain's own rules where it has some."""

from typing import Final

from doorward.domain.access.role import DESCRIPTION, MAX_DESCRIPTION_CHARACTERS, NAME
from doorward.domain.accounts.email import MAX_EMAIL_CHARACTERS
from doorward.domain.accounts.username import ALLOWED

USERNAME: Final = {"pattern": f"^{ALLOWED.pattern}$"}
EMAIL: Final = {"format": "email", "maxLength": MAX_EMAIL_CHARACTERS}
ROLE_NAME: Final = {"pattern": f"^{NAME.pattern}$"}
ROLE_DESCRIPTION: Final = {"pattern": f"^{DESCRIPTION.pattern}$", "maxLength": MAX_DESCRIPTION_CHARACTERS}
"""For `extra_json_schema`: told to clients, decided by the domain."""

LONGEST_KEY: Final = MAX_EMAIL_CHARACTERS
"""Of what may be a username or an email: the longer of the two."""

MOST_ROLES: Final = 32
"""In one request."""

PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$(?!\n)"
