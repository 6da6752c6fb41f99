"""The programs of docs/verifying-tokens.md and the attack tokens that the service itself is tested with."""

from support.jwt.corpus import accepted, corpus
from support.jwt.material import Material
from support.programs.verifiers import Verifier

NOT_AS_DOORWARD_WRITES_THEM = {
    "typ in capitals",
    "typ as a media type",
    "JSON with blanks",
    "a claim that nobody knows yet",
}
"""Spellings that the service accepts and never uses: the programs for other languages are stricter."""

REFUSED_BY = {"guard": set[str](), "jsonwebtoken": NOT_AS_DOORWARD_WRITES_THEM}


def test_no_attack_is_accepted_and_none_is_taken_for_a_fault_of_the_service(
    verifier: Verifier, material: Material
) -> None:
    """TK-01, TK-02, TK-04 to TK-15."""
    attacks = corpus(material)
    assert len(attacks) > 150
    assert [name for name, token in attacks if verifier.verdict(token) != "invalid"] == []


def test_what_is_good_passes(verifier: Verifier, material: Material) -> None:
    """So that nothing above passes by refusing everything."""
    refused = {name for name, token in accepted(material) if not verifier.accepts(token)}
    assert refused == REFUSED_BY[verifier.name]
    assert verifier.accepts(material.claiming(acr="1", amr=["pwd", "otp"], level=3)), "claims that nobody knows yet"
