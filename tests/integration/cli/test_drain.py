"""How `doorward serve` lets proxies and clients go before it stops."""

import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from doorward.testing.builders import PASSWORD
from support.programs.processes import PATIENCE, children, eventually
from support.programs.server_process import Server, running


def readiness(server: Server) -> httpx2.Response:
    return server.request("GET", "/health/ready")


def test_readiness_fails_in_every_worker_first_and_a_second_signal_stops_the_service(tmp_path: Path) -> None:
    """F-30."""
    with running(tmp_path, workers="2", drain_seconds="600") as server, server.client() as kept:
        eventually(lambda: len(children(server.pid)) == 2)
        assert kept.get("/health/ready").headers["keep-alive"] == "timeout=5"
        os.kill(server.pid, signal.SIGTERM)
        eventually(lambda: readiness(server).status_code == 503)
        answers = [kept.get("/health/ready"), *(readiness(server) for _ in range(10))]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "draining")}
        assert {answer.headers["retry-after"] for answer in answers} == {"1"}
        served = kept.post("/api/auth/signin", json={"username": "nobody", "password": PASSWORD})
        assert served.status_code == 401
        assert (served.headers["connection"], "keep-alive" in served.headers) == ("close", False)
        assert kept.get("/health/live").status_code == 200
        assert server.logged(event="sys_draining", seconds=600)
        assert server.stop() == 0


def test_no_request_fails_at_a_client_that_follows_readiness(tmp_path: Path) -> None:
    """F-30."""
    with running(tmp_path, drain_seconds="2") as server, ThreadPoolExecutor(8) as pool:

        def follow(_: int) -> set[int]:
            """The statuses of a client that keeps its connection, and asks nothing more once the node is not ready."""
            statuses = set()
            with server.client() as client:
                while client.get("/health/ready").status_code == 200:
                    statuses.add(client.get("/api/test/all").status_code)
                statuses.add(client.get("/api/test/all").status_code)
            return statuses

        following = [pool.submit(follow, number) for number in range(8)]
        eventually(lambda: float(server.request("GET", "/metrics").text.count("/api/test/all")) > 0)
        os.kill(server.pid, signal.SIGTERM)
        assert [client.result(PATIENCE) for client in following] == [{200}] * 8
        assert server.process.wait(PATIENCE) == 0


def test_idle_connections_are_closed_and_requests_in_progress_are_answered_after_the_drain(tmp_path: Path) -> None:
    """F-30."""
    with running(tmp_path, drain_seconds="600", keep_alive_seconds="600") as server:
        address = (server.host, server.port)
        with socket.create_connection(address) as idle, socket.create_connection(address) as busy:
            body = json.dumps({"username": "nobody", "password": PASSWORD})
            head = "POST /api/auth/signin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            idle.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            busy.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body[:-1]}".encode())
            for connection in (idle, busy):
                connection.settimeout(PATIENCE)
            assert idle.recv(4096).startswith(b"HTTP/1.1 200 ")
            os.kill(server.pid, signal.SIGTERM)
            eventually(lambda: readiness(server).status_code == 503)
            os.kill(server.pid, signal.SIGTERM)
            assert idle.recv(4096) == b""
            busy.sendall(body[-1:].encode())
            assert busy.recv(4096).startswith(b"HTTP/1.1 401 ")
        assert server.process.wait(PATIENCE) == 0
