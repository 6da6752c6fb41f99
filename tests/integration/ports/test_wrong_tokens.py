"""Wrong implementations of AccessTokens and LinkTokens fail the tests of what is wrong with them."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from doorward.application.ports.security import IssuedToken
from doorward.domain.access.principal import AccessToken
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidToken
from doorward.domain.ids import SessionId, TokenId
from doorward.domain.letters.link_token import LinkTokenHash
from doorward.testing.contracts import access_tokens, link_tokens
from doorward.testing.doubles import PlainTokens
from support.contract_runs import failures

PLAIN = PlainTokens()
ONE_ID = TokenId(secrets.token_bytes(16).hex())  # type: ignore[arg-type]
SECOND = timedelta(seconds=1)
LATER, MICROSECOND = timedelta(seconds=3), timedelta(microseconds=1)

NAMES = "test_a_token_names_the_account_its_epoch_and_the_session"
IDS = "test_no_two_tokens_share_an_id"
WHOLE = "test_the_times_of_a_token_are_whole_seconds"
SESSION_END = "test_a_token_ends_with_its_session"
A_SECOND = "test_a_token_is_valid_for_a_second_at_least"
EXPIRES = "test_a_token_is_valid_until_it_expires_and_not_at_that_moment"
CLOCKS = "test_another_clock_may_be_five_seconds_ahead_and_no_more"
ALTERED = "test_a_token_with_another_character_anywhere_is_refused"
NO_TOKEN = "test_what_is_no_token_is_refused"
SHOWN = "test_a_refusal_and_a_printed_token_show_nothing_of_it"


def tag(text: str) -> str:
    return hmac.new(b"a key", text.encode("utf-8", "surrogatepass"), sha256).hexdigest()


@dataclass(frozen=True)
class Tokens:
    """Signed PlainTokens. The functions change what goes in and what comes out."""

    issued: Callable[[IssuedToken], IssuedToken] = lambda token: token
    read: Callable[[AccessToken], AccessToken] = lambda read: read
    ends: Callable[[datetime, datetime], datetime] = lambda _, ends_at: ends_at
    time: Callable[[datetime], datetime] = lambda now: now
    checked: Callable[[str, str], bool] = lambda text, signature: tag(text) == signature
    refused: Callable[[str], Exception] = lambda _: InvalidToken()
    spelled: Callable[[str], str] = lambda token: token

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        token = PLAIN.issue(user, session_id, now, self.ends(now, ends_at))
        return self.issued(replace(token, value=f"{token.value}/{tag(token.value)}"))

    def verify(self, token: str, now: datetime) -> AccessToken:
        text, _, signature = self.spelled(token).rpartition("/")
        try:
            if not self.checked(text, signature):
                raise InvalidToken
            return self.read(PLAIN.verify(text, self.time(now)))
        except InvalidToken:
            raise self.refused(token) from None


class ShownToken(IssuedToken):
    def __repr__(self) -> str:
        return self.value


TOKENS: dict[str, tuple[Callable[[], Tokens], set[str]]] = {
    "right": (Tokens, set()),
    "another_account": (lambda: Tokens(read=lambda read: replace(read, subject=read.session_id)), {NAMES}),  # type: ignore[arg-type]
    "no_epoch": (lambda: Tokens(read=lambda read: replace(read, epoch=0)), {NAMES}),
    "one_id": (lambda: Tokens(read=lambda read: replace(read, id=ONE_ID)), {IDS}),
    "microseconds": (
        lambda: Tokens(read=lambda read: replace(read, issued_at=read.issued_at.replace(microsecond=1))),
        {WHOLE, A_SECOND, CLOCKS},
    ),
    "milliseconds_of_life": (
        lambda: Tokens(issued=lambda token: replace(token, expires_in=token.expires_in * 1000)),
        {WHOLE, SESSION_END, A_SECOND, EXPIRES},
    ),
    "life_as_a_fraction": (
        lambda: Tokens(issued=lambda token: replace(token, expires_in=float(token.expires_in))),  # type: ignore[arg-type]
        {WHOLE},
    ),
    "outlives_its_session": (lambda: Tokens(ends=lambda now, _: now + 20 * SECOND * 60), {SESSION_END, A_SECOND}),
    "ends_a_second_after_the_session": (lambda: Tokens(ends=lambda _, ends_at: ends_at + SECOND), {SESSION_END}),
    "never_expires": (
        lambda: Tokens(time=lambda now: now.replace(hour=12, minute=0, second=0, microsecond=0)),
        {SESSION_END, EXPIRES, CLOCKS},
    ),
    "expires_late": (lambda: Tokens(time=lambda now: now - LATER), {SESSION_END, EXPIRES, CLOCKS}),
    "is_a_microsecond_behind": (lambda: Tokens(time=lambda now: now - MICROSECOND), {SESSION_END, EXPIRES, CLOCKS}),
    "checks_no_signature": (lambda: Tokens(checked=lambda *_: True), {ALTERED}),
    "trims_tokens": (lambda: Tokens(spelled=str.strip), {ALTERED}),
    "raises_value_errors": (
        lambda: Tokens(refused=ValueError),
        {SESSION_END, EXPIRES, CLOCKS, ALTERED, NO_TOKEN, SHOWN},
    ),
    "shows_the_token_in_refusals": (lambda: Tokens(refused=InvalidToken), {SHOWN}),
    "shows_the_token_when_printed": (
        lambda: Tokens(issued=lambda token: ShownToken(token.value, token.expires_in)),
        {SHOWN},
    ),
}


def test_each_wrong_issuer_fails_for_what_is_wrong_and_each_test_finds_one() -> None:
    made = {name: lambda make=make: {"access_tokens": make()} for name, (make, _) in TOKENS.items()}
    failed, tests = failures(access_tokens, made)
    assert failed == {name: expected for name, (_, expected) in TOKENS.items()}
    assert set.union(*failed.values()) == tests


def fits(value: str) -> bool:
    return len(value) == 43 and value.isascii() and value.replace("-", "_").replace("_", "a").isalnum()


class LinkTokens:
    """Random tokens. The functions change what comes out."""

    def __init__(
        self,
        value: Callable[[], str] = lambda: secrets.token_urlsafe(32),
        hashed: Callable[[str], bytes] = lambda value: sha256(value.encode("utf-8", "surrogatepass")).digest(),
        fits: Callable[[str], bool] = fits,
    ) -> None:
        self.value, self.hashed, self.fits = value, hashed, fits

    def generate(self) -> tuple[str, LinkTokenHash]:
        value = self.value()
        return value, LinkTokenHash(self.hashed(value))

    def hash_of(self, value: str) -> LinkTokenHash | None:
        return LinkTokenHash(self.hashed(value)) if self.fits(value) else None


DIFFER, LONG = "test_tokens_differ_and_are_read_as_they_were_made", "test_a_token_is_long_enough_for_256_bits"
STORED, NOT_READ = "test_what_is_stored_is_a_hash_and_not_the_token", "test_what_is_no_token_has_no_hash"
LINKS: dict[str, tuple[Callable[[], LinkTokens], set[str]]] = {
    "right": (lambda: LinkTokens(fits=fits), set()),
    "one_token": (lambda: LinkTokens(lambda: "A" * 43), {DIFFER}),
    "short_tokens": (
        lambda: LinkTokens(lambda: secrets.token_urlsafe(16), fits=lambda value: len(value) == 22),
        {LONG},
    ),
    "tokens_as_hashes": (lambda: LinkTokens(hashed=str.encode), {STORED}),
    "short_hashes": (lambda: LinkTokens(hashed=lambda value: sha256(value.encode()).digest()[:16]), {STORED}),
    "reads_nothing": (lambda: LinkTokens(fits=lambda _: False), {DIFFER}),
    "reads_anything": (lambda: LinkTokens(fits=lambda _: True), {NOT_READ}),
    "raises_for_surrogates": (lambda: LinkTokens(fits=lambda value: fits(value.encode().decode())), {NOT_READ}),
}


def test_each_wrong_maker_of_links_fails_for_what_is_wrong_and_each_test_finds_one() -> None:
    made = {name: lambda make=make: {"link_tokens": make()} for name, (make, _) in LINKS.items()}
    failed, tests = failures(link_tokens, made)
    assert failed == {name: expected for name, (_, expected) in LINKS.items()}
    assert set.union(*failed.values()) == tests
