class StartRefused(Exception):
    """Doorward will not start like this. The text is one line, names the fix, and holds no secret."""
