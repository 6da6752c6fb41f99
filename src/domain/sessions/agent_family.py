"""The family of a user agent: the program and the system, without versions, such as `Firefox (Windows)`."""

import re

MAX_FAMILY_CHARACTERS = 64

PRODUCT = re.compile(r"([^\s/();,]+)/")
"""The name of a product (RFC 9110, section 10.1.5)."""

BROWSERS = (
    ("Edge", {"Edg", "EdgA", "EdgiOS", "Edge"}),
    ("Opera", {"OPR", "Opera", "OPiOS"}),
    ("Samsung Internet", {"SamsungBrowser"}),
    ("Vivaldi", {"Vivaldi"}),
    ("Firefox", {"Firefox", "FxiOS"}),
    ("Chrome", {"Chrome", "CriOS", "HeadlessChrome"}),
    ("Safari", {"Safari"}),
)
"""The products by which browsers are known. Most browsers name others, too, so the first one that fits counts."""

SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
"""What a browser writes, and what the system is called. The first one that fits counts."""


def agent_family(user_agent: str) -> str:
    """Return the family. It is empty if the client says nothing. Whoever sends a `User-Agent` chooses it freely."""
    products = PRODUCT.findall(user_agent)
    if not products or products[0] != "Mozilla":
        words = products or user_agent.split()
        return words[0][:MAX_FAMILY_CHARACTERS] if words else ""
    names = set(products)
    browser = next((name for name, marks in BROWSERS if names & marks), "Mozilla")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), None)
    return f"{browser} ({system})" if system else browser
