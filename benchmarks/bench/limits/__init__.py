"""What nobody gets past on this machine: the same work with nothing around it."""
