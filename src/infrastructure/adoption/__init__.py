"""The systems whose accounts `doorward adopt` brings along."""
