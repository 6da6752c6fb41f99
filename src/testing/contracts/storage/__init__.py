"""The contract tests of storage. `pytest --pyargs doorward.testing.contracts.storage` runs them."""

from doorward.testing.contracts.storage.adapter import Address, StorageAdapter

__all__ = ["Address", "StorageAdapter"]
