"""What Doorward says about a setting that it cannot use: the name of the variable, what is wrong, what to write."""

import pytest

from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.start_refused import StartRefused

MESSAGES = [
    ("DOORWARD_CORS_ORIGINS", "https://*.example.com", "host name with * is not supported", "https://app.example.com"),
    ("DOORWARD_CORS_ORIGINS", "*", "would allow every site", "https://app.example.com"),
    ("DOORWARD_CORS_ORIGINS", "app.example.com", "begin with https://", "https://"),
    ("DOORWARD_CORS_ORIGINS", "https://app.example.com/", "as browsers send it", "scheme://host[:port]"),
    ("DOORWARD_CORS_ORIGINS", "https://-.example.com", "host name is not valid", "https://app.example.com"),
    ("DOORWARD_CORS_ORIGINS", "https://a.example https://b.example", "separate the values by commas", "not by blanks"),
    ("DOORWARD_ALLOWED_HOSTS", "a.example b.example", "separate the values by commas", "not by blanks"),
    ("DOORWARD_TRUSTED_PROXIES", "10.0.0.1 10.0.0.2", "separate the values by commas", "not by blanks"),
    ("DOORWARD_TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks", "10.0.0.0/8"),
    ("DOORWARD_ALLOWED_HOSTS", "https://a.example", "without scheme, port or path", "auth.example.com"),
    ("DOORWARD_CORS_HEADERS", "*", "* is not supported", "such as traceparent"),
    ("DOORWARD_CORS_HEADERS", "X-Trace: 1", "separate the values by commas", "not by blanks"),
    ("DOORWARD_PUBLIC_URL", "https://*.example.com", "host name with * is not supported", "https://app.example.com"),
    ("DOORWARD_PUBLIC_URL", "auth.example.com", "begin with https://", "https://"),
    ("DOORWARD_PUBLIC_URL", "https://example.com/a?b=c", "and nothing else", "scheme://host[:port][/path]"),
    ("DOORWARD_PUBLIC_URL", "https://example.com/a%2fb", "write a path", "https://example.com/auth"),
    ("DOORWARD_PUBLIC_URL", "https://example.com/metrics", "beginning of a route", "another path, such as /auth"),
    ("DOORWARD_PUBLIC_URL", "https://example.com/api", "beginning of routes", "DOORWARD_PROXY_PATH=kept"),
    ("DOORWARD_PUBLIC_URL", "https://example.com:0", "port", "https://example.com:8443"),
    ("DOORWARD_PUBLIC_URL", "https://example.com:99999", "port", "https://example.com:8443"),
    ("DOORWARD_PROXY_PATH", "strip", "use one of", "either, kept, stripped"),
    ("DOORWARD_HOST", "auth.example.com", "write an IP address", "127.0.0.1"),
    ("DOORWARD_PORT", "eighty", "whole number", "from 1 to 65535"),
    ("DOORWARD_PORT", "70000", "whole number", "from 1 to 65535"),
    ("PORT", "eighty", "whole number", "from 1 to 65535"),
    ("DOORWARD_WORKERS", "", "is empty", "give it a value or remove it"),
    ("DOORWARD_WORKERS", "0", "whole number", "from 1 to 64"),
    ("DOORWARD_SESSION_IDLE_SECONDS", "30 days", "write seconds, such as 900", "14d"),
    ("DOORWARD_SESSION_IDLE_SECONDS", "1w", "write seconds, such as 900", "14d"),
    ("DOORWARD_SESSION_IDLE_SECONDS", "500d", "whole number", "from 60 to 31536000"),
    ("DOORWARD_ACCESS_TOKEN_SECONDS", "1h", "whole number", "from 60 to 900"),
    ("DOORWARD_DOCS", "yes", "use one of", "true, false"),
    ("DOORWARD_LOG_LEVEL", "verbose", "use one of", "debug, info, warning, error"),
    ("DOORWARD_ISSUER", "two words", "without blanks", "1 to 200 characters"),
    ("DOORWARD_DB_PORT", "tcp://10.3.0.2:3306", "Kubernetes", "enableServiceLinks: false"),
    ("DOORWARD_SERVICE_HOST", "10.3.0.2", "Kubernetes", "enableServiceLinks: false"),
    ("DOORWARD_SECRETKEY", "x", "is not a setting", "DOORWARD_SECRET_KEY"),
    ("DOORWARD_DATABASE_SSL_CA", "/etc/ca.pem", "write certificates in PEM", "DOORWARD_DATABASE_SSL_CA_FILE names"),
    ("DOORWARD_DATABASE_SSL_CA", "-----BEGIN CERTIFICATE-----", "is for MySQL", "remove it"),
    ("DOORWARD_TABLE_PREFIX", "auth-", "letters, digits and underscores", "such as doorward_"),
    ("DOORWARD_TABLE_PREFIX", "1_", "begin with a letter", "such as doorward_"),
    ("DOORWARD_TABLE_PREFIX", "a" * 25, "1 to 24 letters", "such as doorward_"),
    ("DOORWARD_TABLE_PREFIX", "SQLite_", "begin with sqlite_", "use another prefix"),
    ("DOORWARD_DATABASE_URL", "postgres://h/n", "No storage adapter is installed for postgres", "sqlite:///PATH"),
    ("DOORWARD_DATABASE_URL", "mysql+pymysql://u@h/n", "not supported", "mysql://USER"),
    ("DOORWARD_DATABASE_URL", "/srv/doorward.db", "begins with a scheme", "sqlite:///PATH"),
    ("DOORWARD_DATABASE_URL", "memory://a/b", "write memory://", "memory://NAME"),
    ("DOORWARD_SMTP_URL", "ses://key:secret@eu", "No mailer is installed for ses", "smtp://USER"),
    ("DOORWARD_SMTP_URL", "mail.example.com", "begins with a scheme", "smtp://USER"),
    ("DOORWARD_HASHER", "bcrypt", "No hasher is installed for bcrypt", "use auto"),
    ("DOORWARD_DATABASE_URL", "mysql://u:a@b@h/n", "percent-encode", "%40"),
    ("DOORWARD_DATABASE_URL", "mysql://u:p@h/n?colour=red", "option colour is not supported", "ssl-mode, ssl-ca"),
    ("DOORWARD_DATABASE_URL", "mysql://u:p@h/n?ssl-cert=/a.pem", "gives one of ssl-cert and ssl-key", "give both"),
    ("DOORWARD_DATABASE_URL", "mysql://u:p@h/n?unix_socket=/a", "absolute path", "localhost"),
    ("DOORWARD_DATABASE_URL", "mysql://u:p@h/n?charset=utf8", "charset", "remove"),
    ("DOORWARD_DATABASE_URL", "mysql://u:p@h/n?ssl-mode=maybe", "must be one of", "VERIFY_IDENTITY"),
    ("DOORWARD_DATABASE_URL", "mysql://u:p@h", "must name user, host and database", "mysql://USER:PASSWORD@HOST"),
    ("DOORWARD_DATABASE_URL", "sqlite://var/a.db", "must name a file", "sqlite:///PATH"),
]


@pytest.mark.parametrize(("variable", "value", "wrong", "instead"), MESSAGES)
def test_a_message_names_the_variable_and_says_what_is_wrong_and_what_to_write(
    variable: str, value: str, wrong: str, instead: str
) -> None:
    with pytest.raises(StartRefused) as refused:
        load_settings({variable: value})
    message = str(refused.value)
    assert message.startswith(variable)
    assert wrong in message
    assert instead in message
    assert "`" not in message


@pytest.mark.parametrize(
    ("text", "seconds"), [("900", 900), ("90s", 90), ("15m", 900), ("12h", 43_200), ("14d", 1_209_600)]
)
def test_a_duration_may_have_a_unit(text: str, seconds: int) -> None:
    assert load_settings({"DOORWARD_SESSION_IDLE_SECONDS": text}).session_idle_seconds == seconds
