"""No secret of the settings is shown. The password of a database URL is one of them, and SQLAlchemy reads the URL."""

import pytest

from doorward.infrastructure.settings.groups import setting_fields
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.masking import masked_settings
from doorward.infrastructure.settings.sources import SECRET_SETTINGS
from doorward.infrastructure.settings.start_refused import StartRefused

SECRET = "t0p-of-the-class/7Jx2QmZk9sVbN4wLr8"
PASSWORD = "hunter2hunter2"
GIVEN = {
    "DOORWARD_SECRET_KEY": SECRET,
    "DOORWARD_DATABASE_URL": f"mysql://ada:{PASSWORD}@db.example.com/doorward",
}


def test_secrets_are_in_no_repr() -> None:
    """ST-04."""
    found = load_settings(GIVEN)
    assert {each.name for each in setting_fields() if not each.repr} == SECRET_SETTINGS
    assert SECRET not in repr(found)
    assert PASSWORD not in repr(found)


def test_shown_settings_are_masked() -> None:
    """ST-04."""
    shown = masked_settings(load_settings(GIVEN))
    assert shown["DOORWARD_SECRET_KEY"] == "***"
    assert PASSWORD not in str(shown)
    assert "db.example.com" in str(shown["DOORWARD_DATABASE_URL"])
    assert masked_settings(load_settings({}))["DOORWARD_SECRET_KEY"] is None


def test_a_refusal_never_repeats_a_secret() -> None:
    """ST-04."""
    with pytest.raises(StartRefused) as refused:
        load_settings({"DOORWARD_DATABASE_URL": f"mysql://ada:{PASSWORD}@db.example.com:port/doorward"})
    assert PASSWORD not in str(refused.value)
    assert "\n" not in str(refused.value)
