"""The limits of the machine: the same work without anything around it."""
