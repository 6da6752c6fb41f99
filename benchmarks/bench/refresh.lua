-- Sessions that go on: the refresh token that an answer brings is the next to be sent, once.
-- After `--`: a file with one refresh token a line, the path, and the host.
local tokens, first, last, head, begun = {}, 1, 0, "", false
wrong = 0

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

function response(answered, _, body)
  local token = string.match(body, '"refreshToken":"([^"]+)"')
  if answered == 200 and token then
    last = last + 1
    tokens[last] = token
  else
    wrong = wrong + 1
  end
end
