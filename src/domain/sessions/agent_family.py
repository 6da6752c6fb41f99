"""The family of a user agent: the program and the system, without versions, such as `Firefox (Windows)`."""

MAX_FAMILY_CHARACTERS = 64

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
    """Return the family. It is empty if the client says nothing. Whoever sends a `User-Agent` chooses it freely.

    A client names products with their versions, such as `curl/8.5.0` (RFC 9110, section 10.1.5).
    """
    words = user_agent.split()
    names = [name for name, slash, _ in (word.partition("/") for word in words) if name and slash]
    if names[:1] != ["Mozilla"]:
        return (names or words or [""])[0][:MAX_FAMILY_CHARACTERS]
    browser = next((name for name, marks in BROWSERS if not marks.isdisjoint(names)), "Mozilla")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), None)
    return f"{browser} ({system})" if system else browser
