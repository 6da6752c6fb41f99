-- Refreshes sessions. The refresh token of an answer is used once, in a later request. After a 503 with Retry-After, the
-- connection pauses and then uses the token of another session, because an answer does not say whose token it refused.
-- Arguments after `--`: a file with one refresh token per line, more than there are connections; the path; the host.
local RETRY_DELAY_MS = 100
local tokens, first, last, head, is_probed = {}, 1, 0, "", false
wrong, refused = 0, 0
local pause = 0

local function refresh_request(token)
  local body = '{"refreshToken":"' .. token .. '"}'
  return head .. #body .. "\r\n\r\n" .. body
end

function init(arguments)
  for token in io.lines(arguments[1]) do
    last = last + 1
    tokens[last] = token
  end
  head = "POST " .. arguments[2] .. " HTTP/1.1\r\nHost: " .. arguments[3]
    .. "\r\nContent-Type: application/json\r\nContent-Length: "
end

function request()
  if not is_probed then -- wrk asks for one request that it does not send
    is_probed = true
    return refresh_request(tokens[first])
  end
  local token = tokens[first]
  if not token then -- a wrong answer brought no new token
    return refresh_request("none")
  end
  tokens[first] = nil
  first = first + 1
  return refresh_request(token)
end

function delay()
  return pause
end

function response(answered, headers, body)
  local token = string.match(body, '"refreshToken":"([^"]+)"')
  pause = 0
  if answered == 200 and token then
    last = last + 1
    tokens[last] = token
  elseif answered == 503 and (headers["retry-after"] or headers["Retry-After"]) then
    refused, pause = refused + 1, RETRY_DELAY_MS
  else
    wrong = wrong + 1
  end
end
