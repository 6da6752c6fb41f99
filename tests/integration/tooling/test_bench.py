"""What `make bench` makes of its measurements, and that the documents tell what it published."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from bench.connections import Reply
from bench.contests import Contest
from bench.overload import Overload
from bench.people import told_to_wait
from bench.report import Report, plain, target_row
from bench.targets import Target, at_least, at_most, of_overload
from bench.throughput import BARE, OURS
from bench.wrk import Sample, sample
from support.readme import PROJECT

RESULTS = PROJECT / "benchmarks" / "results"
GUIDE = (PROJECT / "docs" / "performance.md").read_text("utf-8")
A_RUN = Sample(rate=100, requests=400, p50=2, p99=8, slowest=9, errors=0, cpu=70)


def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / "published.json").read_text("utf-8"))
    return found


def held(**samples: list[Sample]) -> Contest:
    return Contest(name="role-guarded GET", connections=32, samples=samples)


def test_the_median_of_the_runs_counts_and_no_run_with_an_error_does() -> None:
    fast, slow, wrong = replace(A_RUN, rate=300), replace(A_RUN, rate=200), replace(A_RUN, rate=9_000, errors=1)
    contest = held(ours=[fast, A_RUN, slow, wrong])
    assert contest.rate("ours") == 200
    assert contest.errors("ours") == 1


def test_contestants_are_compared_round_by_round() -> None:
    """The machine is at half its speed in the first round, and between two turns of the third."""
    whole, half, wrong = A_RUN, replace(A_RUN, rate=50, p50=4), replace(A_RUN, rate=9_000, p50=0.1, errors=1)
    contest = held(ours=[half, whole, half, wrong, whole], other=[half, whole, whole, half, wrong])
    assert (contest.ratio("ours", "other"), contest.slower("ours", "other")) == (1, 1)
    assert contest.ratio("ours", "ours") == 1


def test_who_gave_no_right_answer_has_no_figure() -> None:
    contest = held(ours=[A_RUN], broken=[replace(A_RUN, errors=3)], silent=[replace(A_RUN, rate=0)])
    for contestant in ("broken", "silent", "absent"):
        assert contest.rate(contestant) is None
        assert contest.p99(contestant) is None
        assert contest.ratio("ours", contestant) is None


@pytest.mark.parametrize(("reached", "met"), [(0.85, True), (0.8499, False), (None, None)])
def test_a_goal_is_met_missed_or_not_measured(reached: float | None, met: bool | None) -> None:
    assert at_least("figure", 0.85, reached).met is met
    assert at_most("figure", 0.85, reached).met is (met if reached is None else reached <= 0.85)


def test_a_refused_sign_in_that_is_told_when_to_come_again_is_no_error() -> None:
    wrk = {"requests": 10, "refused": 4, "seconds": 2.0, "p50": 1.0, "p99": 2.0, "slowest": 3.0}
    nothing = {"wrong": 0, "status": 0, "socket": 0}
    good = sample({**wrk, **nothing}, cpu_seconds=0.006)
    assert (good.rate, good.requests, good.refused, good.errors) == (3.0, 6, 4, 0)
    assert good.cpu is not None
    assert round(good.cpu) == 1_000, "microseconds of each that was answered"
    assert sample({**wrk, **nothing, "status": 1, "socket": 1}, 0, wrong=1).errors == 3


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        (b"HTTP/1.1 503 \r\nRetry-After: 1\r\n\r\n", 1),
        (b"HTTP/1.1 503 \r\nretry-after:  12\r\n\r\n", 12),
        (b"HTTP/1.1 503 \r\n\r\n", 0),
        (b"HTTP/1.1 500 \r\nRetry-After: 1\r\n\r\n", 0),
    ],
)
def test_only_a_503_that_says_when_tells_to_wait(head: bytes, seconds: int) -> None:
    assert told_to_wait(Reply(head, b"")) == seconds


def test_overload_is_met_by_who_is_let_in_late_or_refused_at_once_and_by_nothing_else() -> None:
    good = Overload(100, granted=[1_400.0] * 100, refused=[20.0] * 100)
    assert [target.met for target in of_overload(good)] == [True] * 3
    assert [target.met for target in of_overload(replace(good, granted=[1_600.0] * 100))] == [False, True, True]
    assert [target.met for target in of_overload(replace(good, refused=[900.0] * 100))] == [True, False, True]
    assert [target.met for target in of_overload(replace(good, errors=["500"]))] == [True, True, False]
    assert [target.met for target in of_overload(Overload(100))] == [False, True, True], "nobody was let in"


def test_errors_are_counted_whoever_made_them_and_so_is_a_contest_without_us() -> None:
    report = Report("a database")
    assert report.errors == 0
    report.contests = [held(**{OURS: [A_RUN], BARE: [replace(A_RUN, errors=2)]})]
    assert report.errors == 2
    report.contests = [held(**{BARE: [A_RUN]})]
    assert report.errors == 1


def test_a_report_is_json_without_digits_that_mean_nothing() -> None:
    assert plain({1: (1.23456789, True, None)}) == {"1": [1.2346, True, None]}
    report = Report("a database", contests=[held(**{OURS: [A_RUN]})], targets=[at_least("figure", 2, 2.34567)])
    assert json.loads(json.dumps(report.as_json()))["targets"][0]["reached"] == 2.3457
    assert "| figure | at least 2 x | 2.35 x | met |" in list(report.lines())


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


def test_the_published_run_says_what_was_measured_and_not_on_whose_machine() -> None:
    about = published()["about"]
    assert re.fullmatch(r"(MySQL|MariaDB) [\d.]+\S*", about["database"])
    assert not re.search(r"/(home|root|tmp|work)\b", json.dumps(about))
