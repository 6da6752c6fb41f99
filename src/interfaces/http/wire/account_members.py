"""Members of an account that exists, for the bodies of several routes."""

from typing import Annotated

from msgspec import Meta

from doorward.interfaces.http.wire.text_limits import EMAIL, NEW_PASSWORD, PASSWORD

EmailOfAccount = Annotated[
    str, Meta(description="The email of the account.", examples=["ada@example.org"], extra_json_schema=EMAIL)
]
PresentPassword = Annotated[str, Meta(description="The present password of the account.", extra_json_schema=PASSWORD)]
OtherPassword = Annotated[
    str, Meta(description="The new password; the rules are those of sign-up.", extra_json_schema=NEW_PASSWORD)
]
