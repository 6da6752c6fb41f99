"""structlog looks for rich, for a renderer that is not used here; to hide it saves a twentieth of a start's time."""

import sys

if "rich" not in sys.modules and "structlog" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # what `import` takes for "is not there"
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]
