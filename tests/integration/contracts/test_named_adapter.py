"""Somebody names an adapter to the contract tests as docs/testing.md says."""

from pathlib import Path

from support.readme import block, guide
from support.storage_contract_runs import outcomes


def test_the_adapter_of_the_example_passes_the_contract_tests(tmp_path: Path) -> None:
    example = block("python", "def storage_adapter", guide("testing.md"))
    (tmp_path / "conftest.py").write_text(example)
    ended = outcomes(["test_commits", "test_locks"], tmp_path)
    assert len(ended) > 9
    assert set(ended.values()) == {"PASSED"}
