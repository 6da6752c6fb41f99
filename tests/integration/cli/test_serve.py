"""`doorward serve` as a process: how it starts, how it stops, and what happens when its processes are killed."""

import contextlib
import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

import httpx2
import pytest

from doorward.interfaces.cli.metrics_files import METRICS_FILE_BYTES
from doorward.testing.builders import PASSWORD
from support.http.database_shell import run_sql
from support.programs.command_line import DOORWARD, Doorward
from support.programs.processes import PATIENCE, children, ended, eventually, free_port
from support.programs.server_process import Server, running, server_in, serving


def answers(server: Server) -> bool:
    try:
        return server.request("GET", "/health/live").status_code == 200
    except httpx2.TransportError:
        return False


def running_anew(folder: Path, **settings: str) -> AbstractContextManager[Server]:
    """A server whose process has imported nothing before it starts, as in production."""
    server = server_in(folder, **settings)
    server.imports_anew = True
    return serving(server)


@contextmanager
def started(doorward: Doorward, *arguments: str, **environment: str) -> Iterator[Popen[str]]:
    process = doorward.having(**environment).start("serve", *arguments, stdin=DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def test_the_first_start_makes_everything_and_prints_the_next_step(tmp_path: Path) -> None:
    """SU-19, ST-04, ST-09."""
    with running_anew(tmp_path) as server:
        banner = server.output
        assert server.url in banner
        assert f"{server.url}/docs" in banner
        assert str(server.data_dir) in banner
        assert "users create NAME --email EMAIL --role admin" in banner
        assert len([line for line in banner.splitlines() if not line.startswith("{")]) <= 6
        assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
        for file in server.data_dir.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert json.loads(server.run("users", "list", "--json").stdout)["users"] == []
        assert server.stop() == 0


def test_a_second_start_uses_what_the_first_one_made(tmp_path: Path) -> None:
    with running_anew(tmp_path) as server:
        assert server.admin.username == "keeper"
        keys = server.run("keys", "list", "--json").stdout
        assert server.stop() == 0
        server.start()
        assert "users create" not in server.output.rpartition("listens on")[2]
        assert server.run("keys", "list", "--json").stdout == keys
        assert server.sign_in("keeper").id == server.admin.id


def test_the_log_beside_the_banner_is_json_lines(tmp_path: Path) -> None:
    """LG-01."""
    with running(tmp_path) as server:
        assert server.stop() == 0
        events = [json.loads(line)["event"] for line in server.output.splitlines() if line.startswith("{")]
    assert events[-2:] == ["sys_startup", "sys_shutdown"]
    assert "schema_migrated" in events
    assert "signing_key_added" in events


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_all_processes_stops_the_service_with_exit_code_0(tmp_path: Path, number: int) -> None:
    with running_anew(tmp_path) as server:
        (worker,) = children(server.pid)
        for pid in (worker, server.pid):  # as a terminal does
            if number != signal.SIGTERM:
                os.kill(pid, number)
        os.kill(server.pid, number)
        assert server.process.wait(PATIENCE) == 0
        assert ended(worker)
        assert '"error"' not in server.output


def test_signals_that_interrupt_each_other_stop_the_service(tmp_path: Path) -> None:
    """`make run` sends a second SIGTERM when it gets one itself."""
    with running(tmp_path) as server:
        for _ in range(20):
            with contextlib.suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0


def test_a_signal_during_the_start_stops_the_service_at_once(doorward: Doorward) -> None:
    """No start hangs."""
    port = free_port()
    with started(doorward, "--migrate", DOORWARD_PORT=str(port)) as process:
        eventually((doorward.data_dir / "doorward.db").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))


def test_a_request_in_progress_is_finished_before_the_service_stops(tmp_path: Path) -> None:
    with running(tmp_path) as server, socket.create_connection((server.host, server.port)) as connection:
        body = json.dumps({"username": "nobody", "password": PASSWORD})
        head = "POST /api/auth/signin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body[:-1]}".encode())
        # A second connection's answer tells that the server has seen the first one's bytes.
        assert answers(server)
        os.kill(server.pid, signal.SIGTERM)
        connection.sendall(body[-1:].encode())
        connection.settimeout(PATIENCE)
        assert connection.recv(64).startswith(b"HTTP/1.1 401 ")
        assert server.process.wait(PATIENCE) == 0


def test_a_port_in_use_is_one_clear_line_and_exit_code_2(tmp_path: Path) -> None:
    with running(tmp_path / "first") as server:
        second = server.run("serve")
        assert second.returncode == 2
        assert second.stderr == f"doorward: Port {server.port} on 127.0.0.1 is in use; " + (
            "stop what listens there, or set DOORWARD_PORT.\n"
        )
        assert answers(server)


def test_a_port_is_in_use_as_soon_as_a_service_starts_there(tmp_path: Path) -> None:
    """The first service does not listen yet, and both could otherwise share the port."""
    port = str(free_port())
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first, second = (Doorward.in_folder(tmp_path / name, port=port) for name in ("first", "second"))
    with started(first, "--migrate"):
        eventually((first.data_dir / "doorward.db").exists)
        refused = second("serve", "--migrate")
        assert refused.returncode == 2
        assert f"Port {port} on 127.0.0.1 is in use" in refused.stderr


def test_the_port_may_be_given_with_the_command(doorward: Doorward) -> None:
    port = free_port()
    with started(doorward, "--migrate", "--port", str(port), DOORWARD_PORT="1") as process:
        assert process.stderr is not None
        assert f"127.0.0.1:{port}" in process.stderr.readline()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_unmigrated_database_is_refused(doorward: Doorward, workers: str) -> None:
    """OP-04: the service does not listen before the check."""
    done = doorward("serve", DOORWARD_PORT=str(free_port()), DOORWARD_WORKERS=workers)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "doorward migrate" in done.stderr


def test_another_installation_s_secret_is_refused(tmp_path: Path) -> None:
    """ST-05."""
    with running(tmp_path) as server:
        assert server.stop() == 0
        other = "b0ttom-of-the-class/6Hw1PlYj8rUaM3vKq7"
        server.environment["DOORWARD_SECRET_KEY"] = other
        done = server.run("serve")
        assert done.returncode == 2
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("doorward: ")]
        assert other not in done.stdout + done.stderr
        assert line


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    """F-02."""
    with running(tmp_path) as server:
        (killed,) = children(server.pid)
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: children(server.pid) - {killed} and answers(server))
        assert server.process.poll() is None
        assert server.stop() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_successor_of_a_killed_worker_does_not_check_the_database_again(tmp_path: Path, workers: str) -> None:
    """Only the start of the service checks it."""
    with running(tmp_path, workers=workers) as server:
        run_sql(server, "UPDATE doorward_version SET version_num = '9999'")
        killed = workers_of(server, int(workers))
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        eventually(lambda: len(children(server.pid) - killed) == int(workers) and answers(server))
        assert server.process.poll() is None
        assert server.stop() == 0


def test_no_worker_outlives_its_parent_and_the_port_becomes_free(tmp_path: Path) -> None:
    """F-02."""
    with running(tmp_path, workers="2") as server:
        workers = workers_of(server, 2)
        server.process.kill()
        server.process.wait(PATIENCE)
        eventually(lambda: all(ended(worker) for worker in workers))
        server.start()


def workers_of(server: Server, number: int) -> set[int]:
    """The processes of that many workers. The service answers as soon as the first of them does."""
    eventually(lambda: len(children(server.pid)) == number)
    return children(server.pid)


def is_allocated(folder: Path, worker: int) -> bool:
    """Whether the worker's files have all their blocks. A disk that is full later would end the worker else."""
    eventually(lambda: len(list(folder.glob(f"*_{worker}.db"))) == 3)
    files = [path.stat() for path in folder.glob(f"*_{worker}.db")]
    return all(file.st_blocks * 512 >= file.st_size >= METRICS_FILE_BYTES for file in files)


def folders_of(server: Server) -> list[Path]:
    return [path for path in server.data_dir.iterdir() if path.is_dir()]


def test_several_workers_share_a_metrics_folder_that_is_removed_at_the_end(tmp_path: Path) -> None:
    with running_anew(tmp_path, workers="2") as server:
        (folder,) = folders_of(server)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        eventually(lambda: answers(server) and any(folder.iterdir()))
        for worker in workers_of(server, 2):
            assert is_allocated(folder, worker)
        assert server.stop() == 0
        assert folders_of(server) == []


def test_the_metrics_folder_of_a_killed_service_is_removed_and_that_of_a_running_one_is_not(tmp_path: Path) -> None:
    with running(tmp_path, workers="2") as server:
        (left,) = folders_of(server)
        workers = workers_of(server, 2)
        other = server.doorward.having(DOORWARD_PORT=str(free_port())).start("serve", stdin=DEVNULL)
        try:
            eventually(lambda: len(folders_of(server)) == 2)
            assert left.exists()
        finally:
            other.terminate()
            other.communicate(timeout=PATIENCE)
        server.process.kill()
        server.process.wait(PATIENCE)
        eventually(lambda: all(ended(worker) for worker in workers))
        assert left.exists()
        server.start()
        assert not left.exists()


def test_requests_of_a_killed_worker_no_longer_count_as_in_progress(tmp_path: Path) -> None:
    """LG-03."""

    def in_progress() -> float:
        figures = server.request("GET", "/metrics").text
        return float(figures.rpartition("doorward_http_requests_in_flight ")[2].partition("\n")[0])

    with running_anew(tmp_path, workers="2") as server:
        with contextlib.ExitStack() as stack:

            def several_without_a_body() -> bool:
                """Send one more. The service waits some seconds for a body, and a busy machine may need them all."""
                head = "POST /api/auth/signin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n"
                connection = stack.enter_context(socket.create_connection((server.host, server.port)))
                connection.sendall(head.encode())
                return in_progress() > 2

            eventually(several_without_a_body)
            killed = workers_of(server, 2)
            for worker in killed:
                os.kill(worker, signal.SIGKILL)
            eventually(lambda: len(children(server.pid) - killed) == 2 and answers(server))
        eventually(lambda: in_progress() == 1)


def test_no_file_takes_the_place_of_a_closed_standard_stream(doorward: Doorward) -> None:
    """LG-05: log lines would be written into a socket or the database."""
    port = free_port()
    command = f"exec {DOORWARD} serve --migrate --port {port} <&- >&- 2>&-"
    server = Server(port, doorward)
    server.process = Popen(["sh", "-c", command], cwd=doorward.folder, env=doorward.environment)
    try:
        eventually(lambda: answers(server))
        for pid in (server.pid, *children(server.pid)):
            for number in range(3):
                assert Path(f"/proc/{pid}/fd/{number}").readlink() == Path(os.devnull)
    finally:
        assert server.stop() == 0


def test_a_log_that_nobody_reads_delays_no_request(doorward: Doorward) -> None:
    """LG-05."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"full\n" * 100)
    os.set_blocking(writer, True)
    server = Server(free_port(), doorward)
    port = str(server.port)
    server.process = doorward.start("serve", "--migrate", "--port", port, stdin=DEVNULL, stdout=writer, stderr=DEVNULL)
    try:
        eventually(lambda: answers(server))
        with server.client() as client:
            for number in range(30):
                body = {"username": f"nobody-{number}", "password": PASSWORD}
                assert client.post("/api/auth/signin", json=body).status_code == 401
    finally:
        assert server.stop() == 0
        os.close(reader)
        os.close(writer)


def test_connections_that_send_nothing_are_closed(tmp_path: Path) -> None:
    with running(tmp_path, keep_alive_seconds="1") as server:
        with socket.create_connection((server.host, server.port)) as idle:
            idle.settimeout(PATIENCE)
            assert idle.recv(64) == b""
        assert server.request("GET", "/health/live").headers["keep-alive"] == "timeout=1"
