"""Holds a server on behalf of the tests, so that it ends with them however they end, even by `kill -9`.

Usage: mysql_keeper.py FOLDER COMMAND...

Prints the server's process id. When standard input closes, which the kernel sees to when the tests' process
dies, it stops the server and removes FOLDER; a line on standard input says that the folder shall stay, because
the server was stopped on purpose and will be started again.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

PATIENCE = 15.0


def main(folder: Path, command: list[str]) -> None:
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    keep = bool(sys.stdin.readline())
    server.send_signal(signal.SIGCONT)  # a paused server could not follow
    server.terminate()
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
