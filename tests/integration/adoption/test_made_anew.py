"""The tables of systems in Node, made and filled anew by the packages that the benchmarks pin. The files
`made_by/*.sql` were made so."""

import shutil
from pathlib import Path

import pytest

from support.adoption import Install
from support.mysql.server import Account
from support.programs.npm import node_with_packages, run

PEERS = Path(__file__).parents[3] / "benchmarks" / "peers"
MADE_BY = Path(__file__).parent / "made_by"
FOLDERS = {"tutorial": "express", "better-auth": "better-auth"}
LOGINS = {
    "tutorial": {"J\u00f6rg M\u00fcller": "sechs6", "ab": "p\u00e4ssw\u00f6rter", "eve@example.org": "12345678"},
    "better-auth": {"ada": "violet harbour kettle", "blaise_p": "p\u00e4ssw\u00f6rter"},
}


def account_of(mysql_url: str) -> dict[str, str]:
    """What the programs read from their environment."""
    server = Account.parse(mysql_url)
    return {
        "MYSQL_HOST": server.host,
        "MYSQL_PORT": str(server.port),
        "MYSQL_USER": server.user,
        "MYSQL_PASSWORD": server.password,
        "MYSQL_DATABASE": mysql_url.rpartition("/")[2].partition("?")[0],
    }


@pytest.mark.full
@pytest.mark.parametrize(("system", "accounts"), [("tutorial", 7), ("better-auth", 4)])
async def test_what_the_real_system_makes_comes_along(
    install: Install, mysql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, accounts: int
) -> None:
    folder = tmp_path / "system"
    shutil.copytree(PEERS / FOLDERS[system], folder, ignore=shutil.ignore_patterns("node_modules"))
    program = shutil.copy(MADE_BY / f"{system.replace('-', '_')}.mjs", folder)
    for name, value in account_of(mysql_url).items():
        monkeypatch.setenv(name, value)
    node, _ = node_with_packages(folder)
    run(folder, node, program)
    house = await install()
    assert (await house.adopted(system, mysql_url)).adopted == accounts
    for login, password in LOGINS[system].items():
        await house.sign_in(login, password)
