"""The contract tests of storage. `pytest --pyargs doorward.testing.contracts.storage` runs them."""

from doorward.testing.contracts.storage.adapter import ExaminedAdapter, ServerAddress

__all__ = ["ExaminedAdapter", "ServerAddress"]
