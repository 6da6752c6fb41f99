"""The programs of docs/verifying-tokens.md while the service does not answer."""

from pathlib import Path

import pytest

from support.jwt.material import Material
from support.programs.processes import eventually
from support.programs.server_process import server_in, serving
from support.programs.verifiers import NAMES, Program

FIVE_MINUTES = 300


@pytest.mark.parametrize("name", NAMES)
def test_keys_outlast_an_outage_for_as_long_as_a_list_can(
    name: str, program: Program, tmp_path: Path, material: Material
) -> None:
    """TK-21."""
    with serving(server_in(tmp_path / "issuer")) as server:
        ada = server.create_user("ada")
        stranger = material.claiming(iss=server.url)
        with program(name, server) as verifier:
            assert verifier.says(ada.token) == f"accepted {ada.id}"
            server.stop()
            verifier.wait(FIVE_MINUTES + 1)
            assert verifier.verdict(stranger) == "unavailable", "it cannot fetch the key that this token names"
            assert verifier.says(ada.token) == f"accepted {ada.id}"
            verifier.wait(FIVE_MINUTES)
            assert verifier.verdict(ada.token) == "unavailable"
            server.start()
            verifier.wait(FIVE_MINUTES)
            eventually(lambda: verifier.says(ada.token) == f"accepted {ada.id}")
            assert verifier.verdict(stranger) == "invalid"
