"""All kinds of imported hashes."""

from typing import Final

from doorward.infrastructure.security.imported_hashes.bcrypt_hash import BcryptHash
from doorward.infrastructure.security.imported_hashes.imported_hash import ImportedHash
from doorward.infrastructure.security.imported_hashes.pbkdf2_hash import Pbkdf2Hash
from doorward.infrastructure.security.imported_hashes.scrypt_hash import ScryptHash
from doorward.infrastructure.security.imported_hashes.sha512_crypt_hash import Sha512CryptHash

ARGON2_PREFIX: Final = "$argon2"
"""Of nearly all hashes that are verified."""

KINDS: Final = (BcryptHash, Pbkdf2Hash, ScryptHash, Sha512CryptHash)
MAX_CHARACTERS: Final = 255
"""What the database stores."""


def imported_hash(text: str) -> ImportedHash | None:
    """Return the hash, or None if it is of none of these kinds, such as Argon2. Raise UnusableHash."""
    if text.startswith(ARGON2_PREFIX) or len(text) > MAX_CHARACTERS:
        return None
    for kind in KINDS:
        found = kind.parse(text)
        if found is not None:
            return found
    return None
