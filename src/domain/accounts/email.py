import re
from dataclasses import dataclass
from typing import Self

from doorward.domain.accounts.username import fold
from doorward.domain.errors import InvalidEmail

MAX_EMAIL_CHARACTERS = 254
MAX_LOCAL_PART_CHARACTERS = 64
LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(rf"({LABEL}\.)+{LABEL}")
BLANKS = " \t\u00a0\u3000"
"""What is left around an address that was copied or typed. Line breaks are refused."""

UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
"""NUL, and halves of characters: no database need take them. No name and no address contains them."""

INVISIBLE = "\x01"
"""What stands for them in a key. No name and no address contains it either."""

TOO_LONG = (
    f"An email address has at most {MAX_EMAIL_CHARACTERS} characters, and at most {MAX_LOCAL_PART_CHARACTERS} before "
    "the @."
)
FOREIGN_DOMAIN = (
    "Write the domain of the email address in ASCII. A domain in another script has such a form, for example "
    "xn--bcher-kva.example for b\u00fccher.example."
)
FOREIGN_LOCAL_PART = "Before the @, an email address has letters a to z, digits and some signs, such as ada.l+news."


@dataclass(frozen=True, slots=True)
class Email:
    """An email address; `value` is the address, `key` decides uniqueness.

    Accepted is the dot-atom form of RFC 5321 and RFC 5322 in ASCII, with a domain of at least two labels. Blanks around
    it are left out. A domain in another script must be given as A-labels (`xn--...`, RFC 5890), as browsers send it
    from an email field: so one address has one form. The key is in lower case and has no trailing dot. It includes the
    local part, because no large provider distinguishes `Ada@` from `ada@`.
    """

    value: str
    key: str

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Return the address. Raise InvalidEmail, which says what to write instead."""
        text = raw.strip(BLANKS)
        if len(text) > MAX_EMAIL_CHARACTERS + 1:
            raise InvalidEmail(TOO_LONG)
        local_part, at, domain = text.rpartition("@")
        domain = domain.removesuffix(".").lower()
        value = f"{local_part}@{domain}"
        if len(local_part) > MAX_LOCAL_PART_CHARACTERS or len(value) > MAX_EMAIL_CHARACTERS:
            raise InvalidEmail(TOO_LONG)
        if not at or not local_part or "@" in local_part:
            raise InvalidEmail
        if not LOCAL_PART.fullmatch(local_part):
            raise InvalidEmail(FOREIGN_LOCAL_PART)
        if not DOMAIN.fullmatch(domain):
            raise InvalidEmail if domain.isascii() else InvalidEmail(FOREIGN_DOMAIN)
        return cls(value, fold(value))


def login_key(raw: str) -> str:
    """Return the key to look up an account by what somebody typed as a username or an email. Never raise.

    A text that is longer than any name or address matches no key. It is cut and not folded, because folding takes long.
    Nor does a text with NUL or half of a character, which databases need not take: it gets a key without them.
    """
    text = UNSTORABLE.sub(INVISIBLE, raw.strip()[: MAX_EMAIL_CHARACTERS + 2])
    if len(text) > MAX_EMAIL_CHARACTERS + 1:
        return text
    if "@" not in text:
        return fold(text)
    try:
        return Email.parse(text).key
    except InvalidEmail:
        return fold(text)
