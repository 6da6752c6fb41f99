-- Sessions that go on: the refresh token that an answer brings is the next to be sent, once. Who is told to come again
-- comes with the token of another session, and not at once: an answer does not say which token it was to.
-- After `--`: a file with one refresh token a line, more than connections; the path, and the host.
local tokens, first, last, head, begun = {}, 1, 0, "", false
wrong, refused = 0, 0
local pause = 0

local function asking(token)
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
  if not begun then -- wrk only looks at the first one
    begun = true
    return asking(tokens[first])
  end
  local token = tokens[first]
  if not token then -- after a wrong answer there is one too few
    return asking("none")
  end
  tokens[first] = nil
  first = first + 1
  return asking(token)
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
    refused, pause = refused + 1, 100
  else
    wrong = wrong + 1
  end
end
