"""Exams that adapters must pass. docs/testing.md says how to run them on an adapter of your own."""
