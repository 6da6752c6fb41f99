"""Reads signed tokens strictly: for the service itself, and for other services through `doorward.guard`. Needs PyJWT
and cryptography, and nothing else."""
