from doorward.infrastructure.settings.start_refused import StartRefused


class DatabaseNotReady(StartRefused):
    """The database does not answer, or another process migrates it. A start waits, since the settings may be right."""
