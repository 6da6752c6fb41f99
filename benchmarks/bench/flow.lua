-- Sends pairs of requests: the answer to the first has an id, and the second has it in place of {id}.
-- Arguments after `--`: the file, in which the two requests of each pair follow each other; the expected status of all
-- answers; and a text that each answer to a second request must contain.
local openings, requests, ids, last_sent, status, text, is_probed = {}, {}, {}, 0, 0, "", false
local first_id, last_id = 1, 0
wrong, openings_answered = 0, 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for length in function() return file:read("*n", 1) end do -- the length, and the end of its line
    openings[#openings + 1] = file:read(length)
    local second_length = file:read("*n", 1)
    requests[#requests + 1] = file:read(second_length)
  end
  file:close()
  status, text = tonumber(arguments[2]), arguments[3]
end

function request()
  if not is_probed then -- wrk asks for one request that it does not send
    is_probed = true
    return openings[1]
  end
  local id = ids[first_id]
  if not id then
    return openings[1]
  end
  ids[first_id] = nil
  first_id = first_id + 1
  last_sent = last_sent % #requests + 1
  return (string.gsub(requests[last_sent], "{id}", id, 1))
end

function response(answered, headers, body)
  local id = string.match(body, '^{"id":"([^"]+)"')
  if answered == status and id then
    last_id = last_id + 1
    ids[last_id] = id
    openings_answered = openings_answered + 1
  elseif answered ~= status or not string.find(body, text, 1, true) then
    wrong = wrong + 1
  end
end
