-- Shared by all scripts: adds up the counts of all threads and prints the figures as one line of JSON.
local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, latency, _)
  local wrong, refused, openings, errors = 0, 0, 0, summary.errors
  for _, thread in ipairs(threads) do
    wrong = wrong + (thread:get("wrong") or 0)
    refused = refused + (thread:get("refused") or 0)
    openings = openings + (thread:get("openings_answered") or 0)
  end
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"bytes":%d,"p50":%.3f,"p99":%.3f,"slowest":%.3f,"wrong":%d,"refused":%d,"openings":%d,"status":%d,"socket":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, wrong, refused, openings, errors.status - refused, errors.connect + errors.read + errors.write + errors.timeout))
end
