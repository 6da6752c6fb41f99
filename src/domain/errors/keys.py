"""Refusals about signing keys."""

from doorward.domain.errors.families import Conflict, Invalid, Missing


class InvalidKey(Invalid):
    code = "invalid_key"
    field = "key"


class KeyExists(Conflict):
    code = "key_exists"
    text = "This key is already here."


class KeyMissing(Missing):
    code = "key_not_found"
    text = "There is no such key."
