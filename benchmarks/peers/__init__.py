"""Small, pinned apps on other stacks that Doorward is compared with, and how to install and start them."""
