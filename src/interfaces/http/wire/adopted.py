"""Descriptions of the members that only accounts have that were adopted from another system."""

from typing import Final

ALIAS: Final = "A name with which the account signs in, too: its name in the system that it was adopted from."
EXTERNAL_ID: Final = "The id of the account in the system that it was adopted from."
