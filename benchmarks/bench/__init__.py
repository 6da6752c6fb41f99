"""Measures Doorward beside its peers and its limits. docs/performance.md says what, how, and what came of it."""
