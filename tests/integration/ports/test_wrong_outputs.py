"""Wrong implementations of Clock, SecurityLog, Mailer and RateLimiter fail the tests of what is wrong with them."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import count
from math import ceil
from time import monotonic
from types import ModuleType
from typing import Any

import pytest

from doorward.application.ports.letters import LetterContents
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.errors import LetterUndelivered
from doorward.domain.letters.letter import LetterKind
from doorward.domain.rate_limits.rate_limit import RateLimit
from doorward.testing.contracts import clock, mailer, rate_limiter, security_log
from doorward.testing.doubles import NOON
from support.contract_runs import Fixtures, failures

SUMMER_TIME = timezone(timedelta(hours=2))
GREENWICH = timezone(timedelta(0), "GMT")
Wrongs = dict[str, tuple[Callable[[], Fixtures], set[str]]]


class Hands:
    """A clock that shows what the functions return."""

    def __init__(
        self, now: Callable[[], Any] = lambda: datetime.now(UTC), seconds: Callable[[], Any] = monotonic
    ) -> None:
        self.now, self.monotonic = now, seconds


def clocks(now: Callable[[], Any] = lambda: datetime.now(UTC), seconds: Callable[[], Any] = monotonic) -> Fixtures:
    return {"clock": Hands(now, seconds)}


TIME, SECONDS = "test_the_time_is_aware_and_in_utc", "test_the_seconds_never_go_back"
CLOCKS: Wrongs = {
    "right": (clocks, set()),
    "naive": (lambda: clocks(lambda: NOON.replace(tzinfo=None)), {TIME}),
    "local": (lambda: clocks(lambda: NOON.astimezone(SUMMER_TIME)), {TIME}),
    "of_another_zone_at_the_same_time": (lambda: clocks(lambda: NOON.astimezone(GREENWICH)), {TIME}),
    "number": (lambda: clocks(NOON.timestamp), {TIME}),
    "runs_back": (lambda: clocks(seconds=partial(next, count(1000.0, -1))), {SECONDS}),
    "whole_seconds": (lambda: clocks(seconds=lambda: 7), {SECONDS}),
}


class Log:
    """Writes JSON. The functions say what is written."""

    def __init__(
        self,
        shown: Callable[[dict[str, Any]], dict[str, Any]] = lambda fields: fields,
        written: Callable[[str], str] = lambda line: line,
        admits: Callable[[int], bool] = lambda _: True,
        login: Callable[[str], object] = hash,
    ) -> None:
        self.shown, self.written, self.admits, self.login = shown, written, admits, login
        self.lines: list[str] = []
        self.counts = Counter[SecurityEvent]()

    def record(self, event: SecurityEvent, /, **fields: str | int | bool | None) -> None:
        login = fields.pop("login", None)
        if login is not None:
            fields["login_hash"] = str(self.login(str(login)))
        self.counts[event] += 1
        if self.admits(self.counts[event]):
            self.lines.append(self.written(json.dumps(self.shown({"event": event.value, **fields}))))


def logs(**wrong: Any) -> Fixtures:
    log = Log(**wrong)
    return {"security_log": log, "written_lines": lambda: log.lines}


def bare(line: str) -> str:
    return " ".join(map(str, json.loads(line).values()))


FIELDS = "test_each_event_is_one_line_with_its_fields"
ALWAYS, FIRST = (
    "test_an_event_without_a_limit_is_always_written",
    "test_of_an_event_with_a_limit_the_first_of_each_account_is_written",
)
HOSTILE, LOGIN = "test_no_text_breaks_a_line_or_raises_anything", "test_a_typed_login_is_written_as_a_hash"
LOGS: Wrongs = {
    "right": (logs, set()),
    "loses_numbers": (
        lambda: logs(shown=lambda fields: {name: text for name, text in fields.items() if type(text) is not int}),
        {FIELDS},
    ),
    "names_no_event": (lambda: logs(shown=lambda fields: {**fields, "event": "security"}), {FIELDS}),
    "writes_fifty_lines_of_an_event": (lambda: logs(admits=lambda number: number <= 50), {ALWAYS, FIRST}),
    "breaks_lines": (lambda: logs(written=bare), {HOSTILE}),
    "raises_for_surrogates": (lambda: logs(written=lambda line: (line, bare(line).encode())[0]), {HOSTILE}),
    "shows_logins": (lambda: logs(login=str), {LOGIN}),
    "hides_logins_behind_one_word": (lambda: logs(login=lambda _: "somebody"), {LOGIN}),
    "salts_logins": (lambda: logs(login=lambda _: monotonic()), {LOGIN}),
}


class Post:
    """A mailer that hands over to a list."""

    def __init__(
        self,
        message_id: Callable[[LetterContents], object] = lambda contents: contents.letter_id,
        refused: Callable[[LetterContents], Exception | None] = lambda _: None,
    ) -> None:
        self.message_id, self.refused = message_id, refused
        self.ids: list[str] = []

    async def send(self, contents: LetterContents) -> None:
        if refusal := self.refused(contents):
            raise refusal
        self.ids.append(str(self.message_id(contents)))


def away(_: LetterContents) -> Exception | None:
    return LetterUndelivered("the mail server is away")


def posts(broken: Callable[[LetterContents], Exception | None] = away, **wrong: Any) -> Fixtures:
    post = Post(**wrong)
    return {"mailer": post, "message_ids": lambda: post.ids, "broken_mailer": Post(refused=broken)}


KINDS = "test_a_letter_of_every_kind_and_in_every_language_is_delivered_once"
REPEATED, UNDELIVERED = (
    "test_a_repeated_letter_has_the_same_message_id",
    "test_a_letter_that_cannot_be_delivered_is_refused_without_showing_it",
)
NAMES = "test_no_name_breaks_a_letter"
POSTS: Wrongs = {
    "right": (posts, set()),
    "one_id_for_a_kind": (lambda: posts(message_id=lambda contents: contents.kind), {KINDS, REPEATED}),
    "an_id_for_each_attempt": (lambda: posts(message_id=lambda _: monotonic()), {REPEATED}),
    "knows_no_invitations": (
        lambda: posts(refused=lambda each: KeyError(each.kind) if each.kind is LetterKind.INVITATION else None),
        {KINDS},
    ),
    "knows_no_french": (
        lambda: posts(refused=lambda each: KeyError(each.language) if each.language == "fr" else None),
        {KINDS},
    ),
    "breaks_at_line_breaks": (
        lambda: posts(refused=lambda each: ValueError(each.username) if "\n" in each.username else None),
        {NAMES},
    ),
    "raises_what_its_library_raises": (lambda: posts(lambda _: ConnectionRefusedError()), {UNDELIVERED}),
    "loses_letters": (lambda: posts(lambda _: None), {UNDELIVERED}),
    "gives_up_at_once": (lambda: posts(lambda _: LetterUndelivered("away", final=True)), {UNDELIVERED}),
    "shows_the_address": (lambda: posts(lambda each: LetterUndelivered(f"{each.recipient} is away")), {UNDELIVERED}),
    "shows_the_token": (lambda: posts(lambda each: LetterUndelivered(f"lost {each.token}")), {UNDELIVERED}),
}


class Limiter:
    """Counts in windows that begin with the first request. Half a second passes with each call, on a busy machine, too.
    The functions say what is counted, and what is answered."""

    def __init__(
        self,
        counted: Callable[[str, RateLimit], object] = lambda key, limit: (key, limit),
        answered: Callable[[float], Any] = ceil,
        *,
        waits: bool = False,
    ) -> None:
        self.counted, self.answered, self.waits = counted, answered, waits
        self.hits: dict[object, list[float]] = {}
        self.seconds = count(0.0, 0.5)

    async def hit(self, key: str, limit: RateLimit) -> int:
        counted, now = self.counted(key, limit), next(self.seconds)
        hits = [each for each in self.hits.get(counted, []) if each > now - limit.seconds]
        if self.waits:
            await asyncio.sleep(0)
        if len(hits) >= limit.amount:
            answer: int = self.answered(max(hits[0] + limit.seconds - now, 0.001))
            return answer
        self.hits[counted] = [*hits, now]
        return 0


def raising_for_nul(key: str, limit: RateLimit) -> object:
    if "\0" in key:
        raise ValueError("embedded null")
    return key, limit


AMOUNT = "test_the_amount_is_admitted_and_one_more_has_to_wait"
AT_ONCE, APART = (
    "test_requests_at_the_same_moment_are_counted_one_after_the_other",
    "test_keys_and_limits_are_counted_apart",
)
KEYS = "test_no_key_raises_anything"


def limiters(**wrong: Any) -> Fixtures:
    return {"rate_limiter": Limiter(**wrong)}


LIMITERS: Wrongs = {
    "right": (limiters, set()),
    "admits_all": (lambda: limiters(counted=lambda *_: object()), {AMOUNT, AT_ONCE, APART}),
    "counts_all_keys_together": (lambda: limiters(counted=lambda _, limit: limit), {APART, KEYS}),
    "counts_all_limits_together": (lambda: limiters(counted=lambda key, _: key), {APART}),
    "checks_before_it_counts": (lambda: limiters(waits=True), {AT_ONCE}),
    "answers_a_fraction": (lambda: limiters(answered=float), {AMOUNT}),
    "answers_milliseconds": (
        lambda: limiters(answered=lambda seconds: 1000 * ceil(seconds)),
        {AMOUNT, "test_a_window_ends"},
    ),
    "raises_for_nul": (lambda: limiters(counted=raising_for_nul), {KEYS}),
}


@pytest.mark.parametrize(
    ("contract", "wrongs"),
    [(clock, CLOCKS), (security_log, LOGS), (mailer, POSTS), (rate_limiter, LIMITERS)],
    ids=["clock", "security_log", "mailer", "rate_limiter"],
)
def test_each_wrong_one_fails_for_what_is_wrong_and_each_test_finds_one(contract: ModuleType, wrongs: Wrongs) -> None:
    failed, tests = failures(contract, {name: make for name, (make, _) in wrongs.items()})
    assert failed == {name: expected for name, (_, expected) in wrongs.items()}
    assert set.union(*failed.values()) == tests
