"""The contract of PasswordStrength, for a fixture `password_strength` that forbids FORBIDDEN, as every list should."""

from itertools import product

from doorward.application.ports.security import PasswordStrength
from doorward.domain.accounts.password import MAX_PASSWORD_CHARACTERS, Password
from doorward.testing.contracts.promises import proves

FORBIDDEN = "passwordpassword"
STRONG = "violet harbour kettle orbit"
KNOWN = ("ada", "ada.king@example.org")
ODD = ("", "\0", "\ud800", " ", "\n" * 20, "\U0001f511" * MAX_PASSWORD_CHARACTERS)


@proves(PasswordStrength.weakness, "Return None for a password")
def test_a_strong_password_has_no_weakness(password_strength: PasswordStrength) -> None:
    """SU-06."""
    assert password_strength.weakness(Password.typed(STRONG), KNOWN) is None


@proves(PasswordStrength.weakness, "Return otherwise why it is", "The text does not contain")
def test_a_forbidden_password_is_refused_in_sentences_that_do_not_show_it(password_strength: PasswordStrength) -> None:
    """SU-06."""
    said = password_strength.weakness(Password.typed(FORBIDDEN), KNOWN)
    assert said
    assert said.endswith(".")
    assert FORBIDDEN not in said


@proves(PasswordStrength.weakness, "Equal passwords have equal answers")
def test_the_same_password_has_the_same_answer_each_time(password_strength: PasswordStrength) -> None:
    for text in (STRONG, FORBIDDEN):
        answers = {password_strength.weakness(Password.typed(text), iter(KNOWN)) for _ in range(3)}
        assert len(answers) == 1


@proves(PasswordStrength.weakness, "Nothing is raised")
def test_no_text_raises_anything(password_strength: PasswordStrength) -> None:
    """HT-14."""
    for text, known in product(ODD, (KNOWN, (), ("", "@"))):
        answer = password_strength.weakness(Password.typed(text), known)
        assert answer is None or answer
