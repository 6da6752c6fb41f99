"""Wrong implementations of PasswordHasher and PasswordStrength fail the tests of what is wrong with them."""

from collections.abc import Callable, Iterable
from itertools import count

from doorward.application.ports.security import Verdict
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.testing.contracts import password_hasher, password_strength
from support.contract_runs import failures

NUMBERS = count(1)
FORM = "$plain$"

Spelled = Callable[[Password], str]
Judged = Callable[[Verdict, str | None], Verdict]


class Hasher:
    """A readable hash with a salt. `spelled` says what of the password counts, and `judged` has the last word."""

    def __init__(
        self,
        spelled: Spelled = lambda password: password.value,
        judged: Judged = lambda verdict, _: verdict,
        reason: Callable[[str], str | None] = lambda stored: None if stored.startswith(FORM) else "malformed",
        salt: Callable[[], int] = lambda: next(NUMBERS),
    ) -> None:
        self.spelled, self.judged, self.reason, self.salt = spelled, judged, reason, salt

    async def hash(self, password: Password) -> PasswordHash:
        return PasswordHash(f"{FORM}{self.salt()}${self.spelled(password)}")

    async def verify(self, password: Password, password_hash: PasswordHash | None, login: str) -> Verdict:
        parts = (password_hash or "").split("$", 3)
        matches = len(parts) == 4 and parts[1] == "plain" and parts[3] == self.spelled(password)
        return self.judged(Verdict.MATCH if matches else Verdict.MISMATCH, password_hash)

    def unusable_reason(self, password_hash: str) -> str | None:
        return self.reason(password_hash)


def raising_for_damage(verdict: Verdict, stored: str | None) -> Verdict:
    if stored is not None and not stored.startswith(FORM):
        raise ValueError("not a hash")
    return verdict


HASHERS: dict[str, tuple[Callable[[], Hasher], set[str]]] = {
    "right": (Hasher, set()),
    "first_72_bytes_count": (
        lambda: Hasher(lambda password: password.value.encode("utf-8", "surrogatepass")[:72].hex()),
        {"test_the_whole_password_counts"},
    ),
    "ends_at_a_nul": (
        lambda: Hasher(lambda password: password.value.split("\0", maxsplit=1)[0]),
        {"test_the_whole_password_counts"},
    ),
    "ignores_case": (lambda: Hasher(lambda password: password.value.lower()), {"test_the_whole_password_counts"}),
    "strips_spaces": (lambda: Hasher(lambda password: password.value.strip()), {"test_the_whole_password_counts"}),
    "replaces_surrogates": (
        lambda: Hasher(lambda password: password.value.encode("utf-8", "replace").decode()),
        {"test_the_whole_password_counts"},
    ),
    "takes_no_surrogates": (
        lambda: Hasher(lambda password: password.value.encode().hex()),
        {"test_the_whole_password_counts"},
    ),
    "does_not_normalise": (
        lambda: Hasher(lambda password: password.raw or password.value),
        {"test_composed_and_decomposed_letters_are_one_password"},
    ),
    "has_no_salt": (lambda: Hasher(salt=lambda: 0), {"test_each_hash_has_a_salt_of_its_own"}),
    "lets_nobody_in": (
        lambda: Hasher(judged=lambda *_: Verdict.MISMATCH),
        {
            "test_a_password_has_its_own_hash_and_no_other_one_has_it",
            "test_the_whole_password_counts",
            "test_composed_and_decomposed_letters_are_one_password",
        },
    ),
    "calls_all_outdated": (
        lambda: Hasher(judged=lambda verdict, _: verdict if verdict is Verdict.MISMATCH else Verdict.MATCH_OUTDATED),
        {
            "test_a_password_has_its_own_hash_and_no_other_one_has_it",
            "test_the_whole_password_counts",
            "test_composed_and_decomposed_letters_are_one_password",
        },
    ),
    "takes_strangers_in": (
        lambda: Hasher(judged=lambda verdict, stored: verdict if stored is not None else Verdict.MATCH),
        {"test_an_unknown_account_never_matches"},
    ),
    "takes_damage_for_a_match": (
        lambda: Hasher(judged=lambda verdict, stored: Verdict.MATCH if stored == "" else verdict),
        {"test_a_damaged_hash_never_matches"},
    ),
    "raises_for_damage": (lambda: Hasher(judged=raising_for_damage), {"test_a_damaged_hash_never_matches"}),
    "calls_all_usable": (
        lambda: Hasher(reason=lambda _: None),
        {"test_a_damaged_hash_is_called_unusable_without_showing_it"},
    ),
    "calls_all_unusable": (
        lambda: Hasher(reason=lambda _: "malformed"),
        {"test_a_hash_that_is_tried_is_not_called_unusable"},
    ),
    "shows_the_hash": (
        lambda: Hasher(reason=lambda stored: None if stored.startswith(FORM) else f"malformed: {stored}"),
        {"test_a_damaged_hash_is_called_unusable_without_showing_it"},
    ),
}


class Strength:
    def __init__(self, said: Callable[[str], str | None]) -> None:
        self.said = said

    def weakness(self, password: Password, known: Iterable[str]) -> str | None:
        return self.said(password.value)


def forbidden(text: str) -> str | None:
    return "This password is blocked." if text == password_strength.FORBIDDEN else None


def moody() -> Callable[[str], str | None]:
    """Answers in another way each time."""
    calls = count()
    return lambda text: answer and f"{answer} {next(calls)}." if (answer := forbidden(text)) else None


STRENGTHS: dict[str, tuple[Callable[[], Strength], set[str]]] = {
    "right": (lambda: Strength(forbidden), set()),
    "forbids_all": (lambda: Strength(lambda _: "Choose another one."), {"test_a_strong_password_has_no_weakness"}),
    "forbids_nothing": (
        lambda: Strength(lambda _: None),
        {"test_a_forbidden_password_is_refused_in_sentences_that_do_not_show_it"},
    ),
    "shows_the_password": (
        lambda: Strength(lambda text: forbidden(text) and f"{text} is blocked."),
        {"test_a_forbidden_password_is_refused_in_sentences_that_do_not_show_it"},
    ),
    "answers_in_another_way_each_time": (
        lambda: Strength(moody()),
        {"test_the_same_password_has_the_same_answer_each_time"},
    ),
    "raises_for_surrogates": (
        lambda: Strength(lambda text: forbidden(text.encode().decode())),
        {"test_no_text_raises_anything"},
    ),
    "raises_for_nothing": (
        lambda: Strength(lambda text: forbidden(text[0] + text[1:])),
        {"test_no_text_raises_anything"},
    ),
}


def test_each_wrong_hasher_fails_for_what_is_wrong_and_each_test_finds_one() -> None:
    made = {name: lambda make=make: {"password_hasher": make()} for name, (make, _) in HASHERS.items()}
    failed, tests = failures(password_hasher, made)
    assert failed == {name: expected for name, (_, expected) in HASHERS.items()}
    assert set.union(*failed.values()) == tests


def test_each_wrong_strength_fails_for_what_is_wrong_and_each_test_finds_one() -> None:
    made = {name: lambda make=make: {"password_strength": make()} for name, (make, _) in STRENGTHS.items()}
    failed, tests = failures(password_strength, made)
    assert failed == {name: expected for name, (_, expected) in STRENGTHS.items()}
    assert set.union(*failed.values()) == tests
