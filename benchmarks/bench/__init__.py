"""Measures Doorward, its peers and the limits of the machine. docs/performance.md has the method and the results."""
