"""Attacks on a running Doorward on loopback, each in a short form: `make attack`."""
