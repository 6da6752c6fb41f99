#!/bin/sh
# Every test, in two processes at once, for machines with two cores and little time: those over HTTP but for its races
# beside all the others, whose report comes last. Options go to both.
set -u
report=$(mktemp)
.venv/bin/pytest --ignore-glob='tests/integration/http/test_*' "$@" >"$report" 2>&1 &
others=$!
trap 'kill "$others" 2>/dev/null; rm -f "$report"' EXIT
trap 'exit 130' INT TERM
.venv/bin/pytest tests/integration/http/test_*.py "$@"
wire=$?
wait "$others"
rest=$?
cat "$report"
[ "$wire" -eq 0 ] && [ "$rest" -eq 0 ]
