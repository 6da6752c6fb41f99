"""Renders the templates of letters in the language of each letter.

Jinja2 and Babel are imported with the first letter: they take time and memory that a service without letters need not
spend.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from doorward.application.ports.letters import LetterContents
from doorward.domain.letters.language import DEFAULT_LANGUAGE, Language
from doorward.infrastructure.mail.links import Links

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER: Final = Path(__file__).parent / "templates"
CATALOGUES: Final = Path(__file__).parent / "catalogues"
PARTS: Final = ("subject.txt", "txt", "html")


@final
@dataclass(frozen=True, slots=True)
class WrittenLetter:
    """The texts of a letter. Only a letter that is being sent has them."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    link: str | None = field(repr=False)


@final
class LetterTemplates:
    """Writes letters from templates: those of `overrides` where it has them, and otherwise Doorward's own.

    For a letter in German, `de/NAME` comes before `NAME`.
    """

    def __init__(self, links: Links, overrides: Path | None = None) -> None:
        self._links = links
        self._folders = [folder for folder in (overrides, FOLDER) if folder is not None]
        self._environments: dict[Language, Environment] = {}

    def write(self, contents: LetterContents) -> WrittenLetter:
        """Return the letter. It takes some milliseconds, and for the first letter much longer, so call it in a
        thread. Raise the errors of Jinja2 when a template is wrong."""
        environment = self._environment(contents.language)
        link = self._links.link(contents.kind, contents.token) if contents.token else None
        values = {
            "username": contents.username,
            "service": self._links.service,
            "link": link,
            "minutes": contents.token_minutes,
            "hours": contents.token_minutes // 60,
            "days": contents.token_minutes // (24 * 60),
            "code": contents.code,
            "valid_until": contents.sent_at + timedelta(minutes=contents.token_minutes),
            "written_at": contents.written_at,
            "language": contents.language,
            **contents.details,
        }
        subject, text, html = (
            environment.select_template([f"{contents.language}/{name}", name]).render(values)
            for name in (f"{contents.kind}.{part}" for part in PARTS)
        )
        return WrittenLetter(" ".join(subject.split()), text.strip() + "\n", html, link)

    def _environment(self, language: Language) -> "Environment":
        if language not in self._environments:
            self._environments[language] = make_environment(self._folders, language)
        return self._environments[language]


def make_environment(folders: list[Path], language: Language) -> "Environment":
    """Return the environment of one language, with its catalogue and its way to write times."""
    from babel.dates import format_datetime  # noqa: PLC0415 see above
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters["time"] = time_filter(format_datetime, language)
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return environment


def time_filter(format_datetime: Callable[..., str], language: Language) -> Callable[[Any], str]:
    return lambda moment: format_datetime(moment, "long", tzinfo=UTC, locale=language)


def translations(language: Language) -> Any:
    """Return the translations of the language. The catalogue is compiled in memory, so that no compiled file can be
    older than its source."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415 see above
    from babel.messages.pofile import read_po  # noqa: PLC0415
    from babel.support import NullTranslations, Translations  # noqa: PLC0415

    if language == DEFAULT_LANGUAGE:
        return NullTranslations()
    compiled = BytesIO()
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)
