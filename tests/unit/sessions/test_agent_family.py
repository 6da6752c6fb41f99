"""The family of a user agent."""

import pytest

from doorward.domain.sessions.agent_family import MAX_FAMILY_CHARACTERS, agent_family
from doorward.domain.sessions.known_agents import MAX_FAMILIES, remembered

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS, MAC = "(Windows NT 10.0; Win64; x64)", "(Macintosh; Intel Mac OS X 10_15_7)"
IPHONE = "(iPhone; CPU iPhone OS 18_5 like Mac OS X)"
ANDROID = "(Linux; Android 10; K)"


@pytest.mark.parametrize(
    ("user_agent", "family"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox (Linux)"),
        (f"Mozilla/5.0 {WINDOWS} {WEBKIT} Chrome/141.0.0.0 Safari/537.36", "Chrome (Windows)"),
        (f"Mozilla/5.0 {WINDOWS} {WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Edge (Windows)"),
        (f"Mozilla/5.0 {WINDOWS} {WEBKIT} Chrome/141.0.0.0 Safari/537.36 OPR/126.0.0.0", "Opera (Windows)"),
        (f"Mozilla/5.0 {MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "Safari (macOS)"),
        (f"Mozilla/5.0 {IPHONE} AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1", "Safari (iPhone)"),
        (f"Mozilla/5.0 {IPHONE} AppleWebKit/605.1.15 CriOS/141.0 Mobile/15E148 Safari/604.1", "Chrome (iPhone)"),
        (f"Mozilla/5.0 {IPHONE} AppleWebKit/605.1.15 FxiOS/140.0 Mobile/15E148 Safari/605.1.15", "Firefox (iPhone)"),
        (f"Mozilla/5.0 {ANDROID} {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome (Android)"),
        (
            f"Mozilla/5.0 {ANDROID} {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet (Android)",
        ),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36", "Chrome (ChromeOS)"),
        ("Mozilla/5.0 (compatible; Somebot/2.1)", "Mozilla"),
        ("Mozilla/5.0", "Mozilla"),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("okhttp/4.12.0", "okhttp"),
        ("Shop/2.1 CFNetwork/1410.0.3 Darwin/22.6.0", "Shop"),
        ("Shop (iPhone)", "Shop"),
        ("Shop", "Shop"),
        ("Dart/3.5 (dart:io)", "Dart"),
        ("", ""),
        ("   ", ""),
        ("x" * 300, "x" * MAX_FAMILY_CHARACTERS),
        ("x" * 300 + "/1", "x" * MAX_FAMILY_CHARACTERS),
    ],
)
def test_the_family_is_the_program_and_the_system_without_versions(user_agent: str, family: str) -> None:
    assert agent_family(user_agent) == family


def test_a_new_version_is_of_the_same_family() -> None:
    older, newer = (f"Mozilla/5.0 {WINDOWS} {WEBKIT} Chrome/{number}.0 Safari/537.36" for number in (141, 142))
    assert agent_family(older) == agent_family(newer)


def test_the_latest_families_are_remembered_and_the_oldest_forgotten() -> None:
    known = [f"program{number}" for number in range(MAX_FAMILIES)]
    assert remembered(known, ["curl"]) == [*known[1:], "curl"]
    assert remembered(known, ["program0"]) == [*known[1:], "program0"]
    assert remembered([], ["curl", "curl", ""]) == ["curl", ""]
