"""The members `locale` and `profile` of an account, in requests and answers."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from doorward.domain.accounts.profile import (
    MAX_PROFILE_BYTES,
    MAX_PROFILE_LEVELS,
    MAX_PROFILE_VALUES,
    Profile,
    ProfileChange,
)
from doorward.domain.errors import InvalidProfile
from doorward.domain.letters.language import LANGUAGES, TAG, Language, parse_locale
from doorward.encoding.strict_json import InvalidJson, check_structure

LocaleTag = Annotated[
    str,
    Meta(
        description=f"A language tag for one of the languages of letters ({', '.join(LANGUAGES)}). `de-AT` is "
        "stored as `de`.",
        examples=["de"],
        extra_json_schema={"pattern": f"^{TAG.pattern}$"},
    ),
]
ProfileMembers = Annotated[
    dict[str, Any],
    Meta(
        description=f"Any members, up to {MAX_PROFILE_BYTES:,} bytes of JSON, {MAX_PROFILE_LEVELS} levels and "
        f"{MAX_PROFILE_VALUES} values. It replaces the present profile as a whole; null clears it. The operator may "
        "have a JSON Schema for it.",
        examples=[{"department": "Physics"}],
    ),
]


def new_locale(tag: str | UnsetType) -> Language | None:
    """Return the locale of a request, or None if it is to stay. Raise InvalidLocale."""
    return None if tag is UNSET else parse_locale(tag)


def profile_change(members: dict[str, Any] | UnsetType | None) -> ProfileChange | None:
    """Return the change of the profile, or None if it is to stay. Raise InvalidProfile."""
    if members is UNSET:
        return None
    if members is None:
        return ProfileChange(None)
    profile = Profile.of(members)
    try:
        check_structure(profile.text.encode(), MAX_PROFILE_LEVELS, MAX_PROFILE_VALUES)
    except InvalidJson as error:
        raise InvalidProfile(str(error).replace("The JSON", "The profile")) from None
    return ProfileChange(profile)


def profile_view(profile: Profile | None) -> dict[str, Any] | None:
    """Return the members of a profile, or None if there is none."""
    return None if profile is None else profile.members
