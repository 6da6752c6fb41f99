"""Certificates in settings."""

BEGIN = "-----BEGIN CERTIFICATE-----"


def parse_certificates(raw: str) -> str:
    r"""Return certificates in PEM. Their line ends may be written as `\n`, as some platforms need it.

    Raise ValueError for any other text. The certificates themselves are read when the database is opened.
    """
    text = raw.replace("\\n", "\n")
    if BEGIN not in text:
        raise ValueError(
            f"write certificates in PEM, which begin with {BEGIN}; DOORWARD_DATABASE_SSL_CA_FILE names a file"
        )
    return text
