"""The contract of LinkTokens, for a fixture `link_tokens`."""

from doorward.application.ports.letters import LinkTokens
from doorward.testing.contracts.promises import proves

NO_TOKENS = ("", " ", "\0", "\ud800", "=" * 43, "\uff41" * 43, "A" * 10_000)


@proves(LinkTokens.generate, "Return a token of 256", "No two tokens are alike")
@proves(LinkTokens.hash_of, "Return the hash of a token")
def test_tokens_differ_and_are_read_as_they_were_made(link_tokens: LinkTokens) -> None:
    made = [link_tokens.generate() for _ in range(100)]
    assert len({token for token, _ in made}) == len({token_hash for _, token_hash in made}) == 100
    assert [link_tokens.hash_of(token) for token, _ in made] == [token_hash for _, token_hash in made]


@proves(LinkTokens.generate, "Return a token of 256")
def test_a_token_is_long_enough_for_256_bits(link_tokens: LinkTokens) -> None:
    """Base64url writes six bits in a character."""
    assert all(len(link_tokens.generate()[0]) * 6 >= 256 for _ in range(20))


@proves(LinkTokens.generate, "The hash has 32 bytes")
def test_what_is_stored_is_a_hash_and_not_the_token(link_tokens: LinkTokens) -> None:
    token, token_hash = link_tokens.generate()
    assert len(token_hash) == 32
    assert token_hash.find(token.encode()) == -1


@proves(LinkTokens.hash_of, "Return None for a text", "Nothing is raised")
def test_what_is_no_token_has_no_hash(link_tokens: LinkTokens) -> None:
    assert [link_tokens.hash_of(text) for text in NO_TOKENS] == [None] * len(NO_TOKENS)
