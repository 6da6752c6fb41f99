"""Templates and catalogues of letters."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import UndefinedError

from doorward.application.ports.letters import LetterContents
from doorward.domain.ids import LetterId, uuid7
from doorward.domain.letters.language import DEFAULT_LANGUAGE, LANGUAGES, Language
from doorward.domain.letters.letter import LetterKind
from doorward.infrastructure.mail.links import PAGES, Links
from doorward.infrastructure.mail.message import message_of
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.mail.templates import CATALOGUES, FOLDER, PARTS, LetterTemplates
from doorward.testing.doubles import NOON

PLACEHOLDER = re.compile(r"%\(\w+\)s")
LINKS = Links("https://auth.example.com")
TEMPLATES = LetterTemplates(LINKS)
"""Shared, because reading the templates and catalogues takes longer than writing letters."""

TRANSLATED = [language for language in LANGUAGES if language != DEFAULT_LANGUAGE]


def contents(
    kind: LetterKind = LetterKind.PASSWORD_RESET, language: Language = "en", username: str = "ada"
) -> LetterContents:
    return LetterContents(
        letter_id=LetterId(uuid7(NOON)),
        kind=kind,
        recipient="ada@example.org",
        language=language,
        username=username,
        written_at=datetime(2026, 11, 23, 12, 30, tzinfo=UTC),
        sent_at=datetime(2026, 11, 23, 14, 45, tzinfo=UTC),
        token="T" * 43 if kind in PAGES else None,
        token_minutes=30,
        code="04839271" if kind is LetterKind.SIGN_IN_CODE else None,
        details={"agent": "Firefox (Linux)", "address": "192.0.2.7"} if kind is LetterKind.NEW_DEVICE else {},
    )


def texts() -> set[str]:
    """All texts of the templates that can be translated."""
    found = extract_from_dir(
        FOLDER, method_map=[("**", "jinja2")], options_map={"**": {"trimmed": "true", "silent": "false"}}
    )
    return {str(message) for _, _, message, _, _ in found}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_catalogue_is_complete_and_keeps_the_placeholders(language: str) -> None:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        catalogue = {message.id: message for message in read_po(file) if message.id}
    assert catalogue.keys() == texts()
    for message in catalogue.values():
        assert message.string, message.id
        assert not message.fuzzy
        assert sorted(PLACEHOLDER.findall(str(message.string))) == sorted(PLACEHOLDER.findall(str(message.id)))


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert sorted(path.stem for path in CATALOGUES.glob("*.po")) == sorted(TRANSLATED)


def test_each_kind_of_letter_has_a_subject_a_text_and_an_html_part() -> None:
    expected = {f"{kind}.{part}" for kind in LetterKind for part in PARTS} | {"layout.html"}
    assert {path.name for path in FOLDER.iterdir()} == expected


@pytest.mark.parametrize("kind", LetterKind)
def test_each_letter_is_another_one_in_each_language(kind: LetterKind) -> None:
    written = [TEMPLATES.write(contents(kind, language)) for language in LANGUAGES]
    assert len({letter.subject for letter in written}) == len({letter.text for letter in written}) == len(LANGUAGES)
    for letter in written:
        assert "auth.example.com" in letter.subject
        assert "%(" not in letter.text + letter.html + letter.subject
        assert "\n\n\n" not in letter.text
        assert (letter.link or "") in letter.text
        assert letter.html.startswith("<!DOCTYPE html>")
        assert not re.search(r"<(img|script|link|style)\b", letter.html)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [LetterKind.PASSWORD_CHANGED, LetterKind.EMAIL_CHANGED, LetterKind.NEW_DEVICE])
def test_a_letter_about_a_change_may_have_no_link(kind: LetterKind, language: Language) -> None:
    """VF-02: then it says what else to do."""
    with_link = TEMPLATES.write(replace(contents(kind, language), token_minutes=7 * 24 * 60))
    without = TEMPLATES.write(replace(contents(kind, language), token=None, token_minutes=0))
    assert with_link.link == f"https://auth.example.com/undo#token={'T' * 43}"
    assert " 7 " in with_link.text
    assert without.link is None
    assert "#token" not in without.html
    assert not re.search(r"#token|None| 0 |\n\n\n", without.text)


def test_a_time_is_written_as_in_the_language_of_the_letter() -> None:
    assert "23. November 2026" in TEMPLATES.write(contents(LetterKind.PASSWORD_CHANGED, "de")).text
    assert "23 novembre 2026" in TEMPLATES.write(contents(LetterKind.PASSWORD_CHANGED, "fr")).text


def test_the_letter_of_a_new_device_says_when_with_what_and_from_where() -> None:
    written = TEMPLATES.write(contents(LetterKind.NEW_DEVICE))
    for told in ("Time: November 23, 2026", "Program: Firefox (Linux)", "Address: 192.0.2.7"):
        assert told in written.text
        assert told in written.html
    nothing = replace(contents(LetterKind.NEW_DEVICE), details={"agent": "", "address": "192.0.2.7"})
    assert "Program: -" in TEMPLATES.write(nothing).text.splitlines()


@pytest.mark.parametrize("agent", ["<img src=x>", "{{ link }}", "%(service)s"])
def test_what_a_client_calls_itself_is_text_in_a_letter(agent: str) -> None:
    letter = replace(contents(LetterKind.NEW_DEVICE), details={"agent": agent, "address": "192.0.2.7"})
    written = TEMPLATES.write(letter)
    assert f"Program: {agent}" in written.text
    assert "<img" not in written.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_are_escaped_in_the_html_part(language: Language) -> None:
    written = TEMPLATES.write(contents(language=language, username="<b>%(link)s & {{ link }}"))
    assert "&lt;b&gt;%(link)s &amp; {{ link }}" in written.html
    assert "<b>%(link)s & {{ link }}" in written.text


def test_a_folder_of_the_operator_takes_the_place_of_our_templates(tmp_path: Path) -> None:
    (tmp_path / "password_reset.subject.txt").write_text("Reset at {{ service }}\n  for {{ username }}\n")
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "password_reset.txt").write_text("Kurz: {{ link }}")
    templates = LetterTemplates(LINKS, tmp_path)
    english, german = (templates.write(contents(language=language)) for language in ("en", "de"))
    assert english.subject == german.subject == "Reset at auth.example.com for ada"
    assert german.text == f"Kurz: {german.link}\n"
    assert english.text.startswith("Hello ada,")


def test_a_template_that_names_something_unknown_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text("{{ passwrd }}")
    with pytest.raises(UndefinedError):
        LetterTemplates(LINKS, tmp_path).write(contents(LetterKind.TEST))


@pytest.mark.parametrize("username", ["ada\r\nBcc: eve@example.net", "ada\nSubject: free", "ada\u2028x"])
def test_no_name_makes_a_header(tmp_path: Path, username: str) -> None:
    (tmp_path / "password_reset.subject.txt").write_text("For {{ username }}")
    letter = contents(username=username)
    written = LetterTemplates(LINKS, tmp_path).write(letter)
    message = message_of(letter, written, Sender.parse("Doorward, Inc. <noreply@example.com>"))
    head, _, _ = message.as_bytes().partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert names == [
        *(b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted"),
        *(b"MIME-Version", b"Content-Type", b"Content-Language"),
    ]


def test_a_message_has_both_parts_and_says_that_a_machine_wrote_it() -> None:
    letter = contents(language="pt")
    written = TEMPLATES.write(letter)
    message = message_of(letter, written, Sender.parse("Doorward, Inc. <noreply@example.com>"))
    assert message["From"] == '"Doorward, Inc." <noreply@example.com>'
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{letter.letter_id}@example.com>"
    assert message["Date"] == "Mon, 23 Nov 2026 14:45:00 +0000"
    assert [part.get_content_type() for part in message.walk()] == [
        *("multipart/alternative", "text/plain", "text/html")
    ]
    assert all(line_length <= 998 for line_length in map(len, message.as_bytes().split(b"\r\n")))


@pytest.mark.parametrize(
    ("raw", "address", "name"),
    [
        ("noreply@example.com", "noreply@example.com", ""),
        ("Example <noreply@example.com>", "noreply@example.com", "Example"),
        ('"Example, Inc." <noreply@example.com>', "noreply@example.com", "Example, Inc."),
        ("Zürich <noreply@example.com>", "noreply@example.com", "Zürich"),
    ],
)
def test_a_sender_is_an_address_or_a_name_and_an_address(raw: str, address: str, name: str) -> None:
    assert Sender.parse(raw) == Sender(address, name)


@pytest.mark.parametrize(
    "raw",
    ["", "noreply", "<>", "a@b.c, d@e.f", "Example <noreply>", "Ex\nBcc: a@b.cd <a@b.cd>", "x" * 101 + "<a@b.cd>"],
)
def test_what_is_no_sender_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match=r"address|name"):
        Sender.parse(raw)
