-- The requests of a file, in turn, and a look at every answer.
-- After `--`: the file, the status that answers must have, and a text that they must contain; without a text wrk's own
-- count of statuses is all there is, which costs it less.
local requests, turn, status, text, begun = {}, 0, 0, "", false
wrong, refused = 0, 0
local pause = 0

-- Who is told to come again does not come again at once.
local function look(answered, headers, body)
  pause = 0
  if answered == 503 and (headers["retry-after"] or headers["Retry-After"]) then
    refused, pause = refused + 1, 100
  elseif answered ~= status or not string.find(body, text, 1, true) then
    wrong = wrong + 1
  end
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for length in function() return file:read("*n", 1) end do -- and the end of its line
    requests[#requests + 1] = file:read(length)
  end
  file:close()
  status, text = tonumber(arguments[2]), arguments[3] or ""
  if text ~= "" then
    response = look
    delay = function() return pause end
  end
end

function request()
  if not begun then -- wrk only looks at the first one
    begun = true
    return requests[1]
  end
  turn = turn % #requests + 1
  return requests[turn]
end
