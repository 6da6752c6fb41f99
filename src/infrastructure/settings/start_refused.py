class StartRefused(Exception):
    """Doorward cannot start with these settings or files.

    The text is one line, says what to do, and holds no secret.
    """
