"""What Doorward is measured beside: small apps on other people's stacks, pinned, and how to install and start them."""
