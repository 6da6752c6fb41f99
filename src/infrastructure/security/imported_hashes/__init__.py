"""The password hashes of other systems, which `users import` accepts besides Argon2."""
