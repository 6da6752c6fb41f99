-- Sends the requests of a file in turn and checks the answers.
-- Arguments after `--`: the file, the expected status, and a text that each answer must contain. Without a text, only
-- wrk's own count of statuses is used, which takes less CPU time.
local RETRY_DELAY_MS = 100
local requests, last_sent, status, text, is_probed = {}, 0, 0, "", false
wrong, refused = 0, 0
local pause = 0

-- After a 503 with Retry-After, the connection pauses before its next request.
local function check(answered, headers, body)
  pause = 0
  if answered == 503 and (headers["retry-after"] or headers["Retry-After"]) then
    refused, pause = refused + 1, RETRY_DELAY_MS
  elseif answered ~= status or not string.find(body, text, 1, true) then
    wrong = wrong + 1
  end
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for length in function() return file:read("*n", 1) end do -- the length, and the end of its line
    requests[#requests + 1] = file:read(length)
  end
  file:close()
  status, text = tonumber(arguments[2]), arguments[3] or ""
  if text ~= "" then
    response = check
    delay = function() return pause end
  end
end

function request()
  if not is_probed then -- wrk asks for one request that it does not send
    is_probed = true
    return requests[1]
  end
  last_sent = last_sent % #requests + 1
  return requests[last_sent]
end
