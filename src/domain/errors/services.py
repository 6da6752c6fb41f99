"""Refusals about registered services."""

from doorward.domain.errors.families import Conflict, Invalid, Missing, Unauthenticated


class InvalidServiceName(Invalid):
    code = "invalid_service_name"
    field = "name"
    text = "Service names are 1 to 64 of a to z, 0 to 9, dots, dashes and underscores, and begin with a letter."


class ServiceExists(Conflict):
    code = "service_exists"
    text = "There is a service of this name already."


class ServiceMissing(Missing):
    code = "service_not_found"
    text = "There is no such service."


class InvalidClient(Unauthenticated):
    """The client authentication is missing or wrong (RFC 6749, section 5.2)."""

    code = "invalid_client"
    text = "Authenticate with the id and secret of a registered service, by HTTP Basic."
