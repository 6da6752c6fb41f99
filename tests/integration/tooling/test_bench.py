"""How `make bench` evaluates its measurements, and that the documents show the published run."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bench.compare import median_text
from bench.connections import RawAnswer
from bench.contests import Contest, Run, run_contest
from bench.limits.bare_refresh import UPDATE
from bench.mixed_load import retry_after_seconds
from bench.overload import Overload
from bench.plan import FULL, QUICK, Rounds
from bench.report import Report, markdown, plain, target_row
from bench.schedule import DOORWARD
from bench.targets import Target, at_least, at_most, overload_targets, sqlite_targets
from bench.throughput import BARE_HANDLER, on_sqlite
from bench.wrk import Sample, sample
from support.readme import PROJECT

RESULTS = PROJECT / "benchmarks" / "results"
GUIDE = (PROJECT / "docs" / "performance.md").read_text("utf-8")
RUN = Sample(rate=100, requests=400, p50=2, p99=8, slowest=9, errors=0, cpu=70)


def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / "published.json").read_text("utf-8"))
    return found


def contest(**samples: list[Sample]) -> Contest:
    return Contest(name="role-guarded GET", connections=32, samples=samples)


def test_the_rate_is_the_median_of_the_runs_without_errors() -> None:
    fast, slow, wrong = replace(RUN, rate=300), replace(RUN, rate=200), replace(RUN, rate=9_000, errors=1)
    measured = contest(ours=[fast, RUN, slow, wrong])
    assert measured.rate("ours") == 200
    assert measured.errors("ours") == 1


def test_contestants_are_compared_round_by_round() -> None:
    """The machine is at half its speed in the first round, and for one of the two runs of the third."""
    full, half, wrong = RUN, replace(RUN, rate=50, p50=4), replace(RUN, rate=9_000, p50=0.1, errors=1)
    measured = contest(ours=[half, full, half, wrong, full], other=[half, full, full, half, wrong])
    assert (measured.ratio("ours", "other"), measured.latency_ratio("ours", "other")) == (1, 1)
    assert measured.ratio("ours", "ours") == 1


def test_a_contestant_without_a_valid_run_has_no_figures() -> None:
    measured = contest(ours=[RUN], broken=[replace(RUN, errors=3)], silent=[replace(RUN, rate=0)])
    for contestant in ("broken", "silent", "absent"):
        assert measured.rate(contestant) is None
        assert measured.p99(contestant) is None
        assert measured.ratio("ours", contestant) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("refresh", [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("a", 1), ("a", 2), ("b", 1), ("b", 2)]),
        ("sign-in", [("a", 1), ("a", 10), ("b", 1), ("b", 10)]),
    ],
)
def test_contestants_run_in_turn_and_are_warmed_up_first(name: str, expected: list[tuple[str, float]]) -> None:
    runs = list[tuple[str, float]]()

    def run(contestant: str) -> Run:
        def measure(_: int, seconds: float) -> Sample:
            runs.append((contestant, seconds))
            return RUN

        return measure

    measured = run_contest(name, {"a": run("a"), "b": run("b")}, FULL, 8, Rounds(short=2, hashing=1))
    assert runs == expected
    assert len(measured.samples["a"]) == len(expected) // 4


def test_the_quick_plan_has_sessions_for_every_refresh_run() -> None:
    connections = [QUICK.connections, *(each for _, _, each in QUICK.matrix)]
    assert QUICK.tokens >= 2 * max(connections)


@pytest.mark.parametrize(("reached", "met"), [(0.85, True), (0.8499, False), (None, None)])
def test_a_goal_is_met_missed_or_not_measured(reached: float | None, met: bool | None) -> None:
    assert at_least("figure", 0.85, reached).met is met
    assert at_most("figure", 0.85, reached).met is (met if reached is None else reached <= 0.85)


def test_a_request_that_is_rejected_with_503_and_retry_after_is_no_error() -> None:
    wrk = {"requests": 10, "refused": 4, "seconds": 2.0, "p50": 1.0, "p99": 2.0, "slowest": 3.0}
    no_errors = {"wrong": 0, "status": 0, "socket": 0}
    good = sample({**wrk, **no_errors}, cpu_seconds=0.006)
    assert (good.rate, good.requests, good.refused, good.errors) == (3.0, 6, 4, 0)
    assert good.cpu is not None
    assert round(good.cpu) == 1_000, "microseconds for each request that was not rejected"
    assert sample({**wrk, **no_errors, "status": 1, "socket": 1}, 0, wrong=1).errors == 3


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        (b"HTTP/1.1 503 \r\nRetry-After: 1\r\n\r\n", 1),
        (b"HTTP/1.1 503 \r\nretry-after:  12\r\n\r\n", 12),
        (b"HTTP/1.1 503 \r\n\r\n", 0),
        (b"HTTP/1.1 500 \r\nRetry-After: 1\r\n\r\n", 0),
    ],
)
def test_only_a_503_with_retry_after_counts_as_a_rejection(head: bytes, seconds: int) -> None:
    assert retry_after_seconds(RawAnswer(head, b"")) == seconds


def test_overload_allows_slow_grants_and_fast_rejections_only() -> None:
    good = Overload(100, granted=[1_400.0] * 100, refused=[20.0] * 100)
    assert [target.met for target in overload_targets(good)] == [True] * 3
    assert [target.met for target in overload_targets(replace(good, granted=[1_600.0] * 100))] == [False, True, True]
    assert [target.met for target in overload_targets(replace(good, refused=[900.0] * 100))] == [True, False, True]
    assert [target.met for target in overload_targets(replace(good, errors=["500"]))] == [True, True, False]
    assert [target.met for target in overload_targets(Overload(100))] == [False, True, True], "none was granted"


@pytest.mark.parametrize(("kratos", "met"), [(200, True), (300, False), (None, None)])
def test_a_refresh_on_sqlite_is_compared_with_kratos_if_that_was_measured(
    kratos: float | None, met: bool | None
) -> None:
    others = {} if kratos is None else {"kratos": [replace(RUN, rate=kratos)]}
    measured = replace(contest(doorward=[replace(RUN, rate=150)], **others), name=on_sqlite("refresh"))
    (target,) = sqlite_targets([measured])
    assert (target.goal, target.met) == ("at least 0.75 x", met)


def test_errors_of_all_contestants_count_and_so_does_a_contest_without_doorward() -> None:
    report = Report("a database")
    assert report.errors == 0
    report.contests = [contest(**{DOORWARD: [RUN], BARE_HANDLER: [replace(RUN, errors=2)]})]
    assert report.errors == 2
    report.contests = [contest(**{BARE_HANDLER: [RUN]})]
    assert report.errors == 1


def test_a_report_is_json_with_five_significant_digits() -> None:
    assert plain({1: (1.23456789, True, None)}) == {"1": [1.2346, True, None]}
    report = Report("a database", contests=[contest(**{DOORWARD: [RUN]})], targets=[at_least("figure", 2, 2.34567)])
    assert json.loads(json.dumps(report.as_json()))["targets"][0]["reached"] == 2.3457
    assert "| figure | at least 2 x | 2.35 x | met |" in list(report.lines())


def test_a_comparison_shows_the_median_of_the_rounds_that_were_measured() -> None:
    assert median_text([1.0, None, 1.5, 1.25]) == "1.25"
    assert median_text([None]) == "not measured"


def test_the_bare_refresh_gives_the_driver_its_own_types() -> None:
    noon, hashes = datetime(2030, 1, 2, 12, tzinfo=UTC), (bytes(32), bytes([1]) * 32)
    values = {
        "session_id": UUID(int=7),
        "presented": hashes[0],
        "used_since": noon,
        "started_since": noon,
        "successor": hashes[1],
        "just_rotated": "rotated",
        "now": noon,
        "today": noon,
    }
    parameters = UPDATE.parameters(values)
    assert len(parameters) == UPDATE.text.count("%s")
    assert {UUID(int=7).bytes, *hashes} <= set(parameters)
    assert not any(isinstance(each, UUID) or getattr(each, "tzinfo", None) for each in parameters)


def test_the_published_tables_are_those_of_the_published_figures() -> None:
    assert (RESULTS / "published.md").read_text("utf-8") == markdown(published())


def test_the_document_shows_the_targets_of_the_published_run() -> None:
    shown = re.findall(r"^\| .* \| at (?:least|most) .*$", GUIDE, re.MULTILINE)
    assert shown == [target_row(Target(**each)) for each in published()["targets"]]


def test_the_published_run_has_a_picture_and_no_errors() -> None:
    assert (RESULTS / "published.svg").read_text("utf-8").startswith("<?xml")
    contests = [*published()["contests"], *published()["matrix"], *published()["growth"]["contests"]]
    assert {each["name"] for each in contests} > {"sign-in", "refresh", "role-guarded GET"}
    errors = [sample["errors"] for each in contests for samples in each["samples"].values() for sample in samples]
    assert errors
    assert sum(errors) == 0


def test_the_published_run_names_the_versions_and_no_path_of_the_machine() -> None:
    about = published()["about"]
    assert re.fullmatch(r"(MySQL|MariaDB) [\d.]+\S*", about["database"])
    assert not re.search(r"/(home|root|tmp|work)\b", json.dumps(about))
