import re
from dataclasses import dataclass
from typing import Self

from doorward.domain.accounts.username import fold
from doorward.domain.errors import InvalidEmail

LONGEST = 254
LONGEST_LOCAL = 64
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(rf"({LABEL}\.)+{LABEL}")


@dataclass(frozen=True, slots=True)
class Email:
    """An address that mail can be sent to; `key` is what uniqueness is decided by.

    The dot-atom form of RFC 5321 and 5322 with a domain of at least two labels, in ASCII (a domain in another script
    is written as its A-labels, `xn--...`: which one was meant is for a mail program to decide). Policy for `key`: the
    domain in lower case without a trailing dot, and the local part in lower case, too, since no provider of note tells
    Ada@ from ada@.
    """

    value: str
    key: str

    @classmethod
    def parse(cls, raw: str) -> Self:
        if len(raw) > LONGEST + 1:
            raise InvalidEmail
        local, at, domain = raw.rpartition("@")
        domain = domain.removesuffix(".").lower()
        value = f"{local}@{domain}"
        good = at and len(local) <= LONGEST_LOCAL and LOCAL.fullmatch(local) and DOMAIN.fullmatch(domain)
        if not good or len(value) > LONGEST:
            raise InvalidEmail
        return cls(value, fold(value))


def login_key(raw: str) -> str:
    """The key to look an account up by, from whatever somebody typed as username or email; never refuses.

    What is longer than any name or address is no key and stays as it is, cut: folding it would take its time.
    """
    text = raw.strip()
    if len(text) > LONGEST + 1:
        return text[: LONGEST + 2]
    if "@" not in text:
        return fold(text)
    try:
        return Email.parse(text).key
    except InvalidEmail:
        return fold(text)
