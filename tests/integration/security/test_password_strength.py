import re
import time
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zxcvbn_rs_py import zxcvbn

from doorward.domain.accounts.password import MAX_PASSWORD_CHARACTERS, Password
from doorward.domain.accounts.username import fold
from doorward.infrastructure.security.password_strength import (
    COMMON_PHRASES,
    COMMONEST_PASSWORDS,
    KEYBOARD_WALKS,
    LOWEST_ACCEPTED_SCORE,
    LOWEST_ACCEPTED_SCORE_IN_TUTORIAL,
    MAX_ESTIMATED_LOOKUPS,
    ZxcvbnPasswordStrength,
    estimated_part,
    lookups,
)
from doorward.infrastructure.settings.start_refused import StartRefused

STANDARD = ZxcvbnPasswordStrength()
TUTORIAL = ZxcvbnPasswordStrength(lowest_score=LOWEST_ACCEPTED_SCORE_IN_TUTORIAL)
KNOWN = ("ada", "ada.king@example.org")

DECISION = Path(__file__).parents[3] / "docs" / "decisions" / "passwords.md"
ROW = re.compile(r"^\| `(?P<text>.+)` \| (?P<score>[0-4]) \| (?P<standard>\w+) \| (?P<tutorial>\w+) \|$", re.MULTILINE)
ROWS = ROW.finditer(DECISION.read_text("utf-8"))
EXAMPLES = [(row["text"], int(row["score"]), row["standard"], row["tutorial"]) for row in ROWS]

COMMON_WORDS = (
    "password iloveyou princess sunshine football monkey dragon master shadow superman batman qwerty welcome letmein "
    "baseball michael jennifer jessica ashley charlie jordan thomas daniel andrew hunter summer winter butterfly "
    "chocolate liverpool arsenal chelsea barcelona computer internet killer pokemon starwars mustang harley maggie "
    "ginger cookie pepper flower purple orange silver diamond angel babygirl lovely tigger soccer hockey freedom "
    "whatever trustno1 samantha nicole hannah william matthew joshua amanda george robert martin"
).split()
HABITS = ("{0}{0}", "{0}{0}{0}", "{0}{0}{0}{0}", "{0}-{0}-{0}", "{0}{0}!", "{0} {0} {0}", "{1}{1}", "{0}{1}{0}{1}")
RUNS = (
    "12345678 123456789 1234567890 12345678901 123456789012 987654321 0987654321 111111111 000000000 qwertyuiop"
).split()


def weakness(text: str, strength: ZxcvbnPasswordStrength = STANDARD) -> str | None:
    return strength.weakness(Password.typed(text), KNOWN)


def score(text: str) -> int:
    """The highest of zxcvbn's scores that the password would still be accepted for; 0 if it is on a list."""
    return sum(weakness(text, ZxcvbnPasswordStrength(lowest_score=lowest)) is None for lowest in range(1, 5))


def verdict(text: str, strength: ZxcvbnPasswordStrength) -> str:
    return "refused" if weakness(text, strength) else "accepted"


def commonest() -> list[str]:
    """More than 3,000 passwords of 15 characters and more, by the habits that published breaches show."""
    made = [habit.format(word, word[::-1]) for word, habit in product(COMMON_WORDS, HABITS)]
    made += [form for word, run in product(COMMON_WORDS, RUNS) for form in (word + run, run + word, f"{word}-{run}")]
    made += [form for word in COMMON_WORDS for year in range(1990, 2027) for form in (f"{word}{year}" * 2,)]
    return [text for text in dict.fromkeys(made) if len(text) >= 15]


def test_the_decision_shows_sixty_examples() -> None:
    """SU-06."""
    assert len({text for text, *_ in EXAMPLES}) == len(EXAMPLES) == 60


@pytest.mark.parametrize(("text", "expected", "standard", "tutorial"), EXAMPLES)
def test_every_example_of_the_decision_is_judged_as_it_says(
    text: str, expected: int, standard: str, tutorial: str
) -> None:
    """SU-06; SU-02, SU-03: no rule about which characters there must be."""
    assert score(text) == expected
    assert (verdict(text, STANDARD), verdict(text, TUTORIAL)) == (standard, tutorial)


def test_three_thousand_common_passwords_of_fifteen_characters_and_more_are_refused() -> None:
    """SU-06."""
    texts = commonest()
    assert len(texts) >= 3000
    assert [text for text in texts if weakness(text) is None] == []


def test_where_the_policy_permits_eight_characters_common_passwords_of_eight_are_refused() -> None:
    """SU-01, SU-06."""
    texts = [word for word in COMMON_WORDS if len(word) >= 8]
    texts += [f"{word}{digits}" for word in COMMON_WORDS for digits in (1, 12, 123, 2024)]
    assert [text for text in texts if weakness(text) is None] == []


@pytest.mark.parametrize("text", [*COMMON_PHRASES, *KEYBOARD_WALKS, *(walk[:15] for walk in KEYBOARD_WALKS)])
def test_a_listed_password_is_refused_in_capitals_too(text: str) -> None:
    """SU-06."""
    assert weakness(text)
    assert weakness(text.upper())


@pytest.mark.parametrize("text", COMMON_PHRASES)
def test_a_listed_phrase_is_refused_with_blanks_digits_and_substitutes(text: str) -> None:
    """SU-06."""
    assert weakness("-".join(text))
    assert weakness(f"{text}1")
    assert weakness(text.replace("o", "0"))


@pytest.mark.parametrize("text", COMMON_PHRASES + KEYBOARD_WALKS)
def test_a_listed_password_is_one_that_zxcvbn_alone_would_accept(text: str) -> None:
    """The lists stay short: an entry that zxcvbn refuses anyway has no place there."""
    assert fold(text) == text
    scores = [int(zxcvbn(text[:length]).score) for length in range(min(15, len(text)), len(text) + 1)]
    assert max(scores) >= LOWEST_ACCEPTED_SCORE


@pytest.mark.parametrize(
    "text", ["adaadaada-1815!", "ada.king@example.org", "Ada.King.1815", "DOORWARD 12345678", "@d@.k1ng.2026"]
)
def test_what_is_known_of_the_account_adds_no_strength(text: str) -> None:
    """SU-07: username, local part of the email, the service's name, also in capitals and with substitutes."""
    assert weakness(text)


def test_empty_texts_of_an_account_change_nothing() -> None:
    """SU-07."""
    password = Password.typed("kitchen-table-lamp")
    assert STANDARD.weakness(password, ("", "@")) is STANDARD.weakness(password, ()) is None


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("passwordpassword", ['Repeats like "abcabcabc"', "Avoid repeated words and characters."]),
        ("securePassword123", ["This is similar to a commonly used password.", "Add another word or two."]),
        ("abcdefghijklmnop", ["Sequences like abc", "Avoid sequences."]),
        ("correct horse battery staple", ["This is a commonly used password.", "words that do not belong together."]),
        ("adaking-doorward", ["This password is easy to guess.", "Add another word or two."]),
    ],
)
def test_the_refusal_says_why_and_what_would_help(text: str, sentences: list[str]) -> None:
    """SU-06."""
    said = weakness(text)
    assert said
    assert [sentence for sentence in sentences if sentence not in said] == []
    assert text not in said


def test_the_operators_own_list_is_refused_whatever_the_case_or_form(tmp_path: Path) -> None:
    """SU-06, SU-08: the breached set, when one is configured."""
    path = tmp_path / "blocked.txt"
    path.write_bytes("\ufeffViolet Harbour Kettle\r\n\n  \ncafe\u0301 orbit sideboard\nlast line unended".encode())
    strength = ZxcvbnPasswordStrength.load(path)
    assert len(strength.forbidden) == 3
    for text in ("violet harbour kettle", "VIOLET HARBOUR KETTLE", "caf\u00e9 orbit sideboard", "last line unended"):
        assert "list of forbidden passwords" in (weakness(text, strength) or "")
        assert weakness(text) is None
    assert weakness("violet harbour kettle orbit", strength) is None
    assert "violet" not in repr(strength)


def test_a_list_that_cannot_be_read_is_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match=r"missing\.txt cannot be read"):
        ZxcvbnPasswordStrength.load(tmp_path / "missing.txt")
    with pytest.raises(StartRefused, match="cannot be read"):
        ZxcvbnPasswordStrength.load(tmp_path)
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(StartRefused, match="not UTF-8"):
        ZxcvbnPasswordStrength.load(tmp_path / "latin.txt")


@pytest.mark.parametrize("text", sorted(COMMONEST_PASSWORDS))
def test_a_listed_commonest_password_is_one_that_the_tutorial_dialect_would_accept(text: str) -> None:
    assert fold(text) == text
    assert len(text) >= 8
    assert int(zxcvbn(text).score) >= LOWEST_ACCEPTED_SCORE_IN_TUTORIAL


@pytest.mark.parametrize(
    "text",
    ["12345678", "password", "Password1", "PASSWORD-123", "Welcome123", "test@123", "qwerty123", "11111111"],
)
def test_the_tutorial_dialect_refuses_the_commonest_passwords(text: str) -> None:
    """SU-06."""
    assert weakness(text, TUTORIAL)


@pytest.mark.parametrize("text", ["securePassword123", "gardening", "blue-horse", "kitchen1", "sunflower22"])
def test_the_tutorial_dialect_accepts_other_passwords_of_eight_characters(text: str) -> None:
    assert weakness(text, TUTORIAL) is None


SUBSTITUTED = "4@8({[<369!1|/0$5+7%2aeiostbglz"


def test_zxcvbn_alone_takes_many_times_longer_for_many_substitutes() -> None:
    """The bound on the look-ups can go when zxcvbn's time no longer multiplies with each kind of substitute.

    Ratios of processor time, so that a busy machine changes nothing.
    """
    text = "4@({[<69$51!|7+" * 2

    def seconds(estimated: str) -> float:
        began = time.thread_time()
        zxcvbn(estimated)
        return time.thread_time() - began

    zxcvbn(text)
    assert lookups(text) > 50 * MAX_ESTIMATED_LOOKUPS
    assert min(seconds(text) for _ in range(3)) > 10 * min(seconds(estimated_part(text)) for _ in range(3))


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=SUBSTITUTED, max_size=MAX_PASSWORD_CHARACTERS))
def test_the_estimated_part_is_a_beginning_and_bounded(text: str) -> None:
    """OP-03."""
    part = estimated_part(text)
    assert text.startswith(part)
    assert lookups(part) <= MAX_ESTIMATED_LOOKUPS
    assert len(part) >= min(len(text), 9), "nine characters without a pattern are enough for an accepted score"


ANY_CHARACTER = st.characters(exclude_categories=())


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet=ANY_CHARACTER, max_size=MAX_PASSWORD_CHARACTERS))
def test_no_text_raises_anything(text: str) -> None:
    """HT-14: lone surrogates included."""
    assert weakness(text) is None or weakness(text)


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=20, max_size=64))
def test_capitals_change_no_verdict(text: str) -> None:
    assert weakness(text) == weakness(text.upper())
