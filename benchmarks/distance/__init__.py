"""Measures requests to a node whose database is far away. docs/scaling.md has the results."""
