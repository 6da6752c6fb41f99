"""Strict readers of lenient formats, for every layer. Standard library only."""
