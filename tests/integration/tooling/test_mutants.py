"""What `make mutants` prints and answers. That it runs: test_make_targets.py."""

import pytest

from mutants import __main__ as mutants

NAME = "doorward.infrastructure.memory.leases.x_take__mutmut_1"
SHOWN = "# name: survived\n--- a.py\n+++ a.py\n@@ -1 +1 @@\n def take():\n-    return 1\n+    return 2\n"


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "shown", lambda names: SHOWN * len(names))


@pytest.mark.parametrize(("noticed", "exit_code"), [(90, 0), (89, 1)])
def test_less_than_ninety_percent_are_too_few(noticed: int, exit_code: int, capsys: pytest.CaptureFixture[str]) -> None:
    results = {f"{NAME}{number}": "killed" if number < noticed else "survived" for number in range(100)}
    assert mutants.report(results) == exit_code
    said = capsys.readouterr().out
    assert f"{noticed} of 100 changes were noticed, {noticed}.0 percent" in said
    assert said.count("-    return 1\n+    return 2\n") == 100 - noticed
    assert "a.py" not in said


def test_a_change_without_tests_counts_as_not_noticed_and_an_endless_one_as_noticed() -> None:
    assert mutants.report({NAME: "no tests"}) == 1
    assert mutants.report({NAME: "timeout"}) == 0


def test_no_result_at_all_is_a_failure() -> None:
    assert mutants.report({}) == 1


def test_an_unknown_module_is_refused_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["leases", "lease"]) == 2
    assert "has no module lease; name such as leases, or none for all." in capsys.readouterr().err
