-- One call against all windows of a caller: check, then charge every window or none (admission.py in Lua).
-- KEYS: a list for each window. ARGV[1], numbers: places in the queue, longest wait, then ceiling, span and width of
-- each window. Gives numbers: whether it is admitted (1 or 0), when it goes or may be asked again, its ticket, and of
-- each window how many calls it counts and when it resets; all moments in microseconds from now. One text each way,
-- because a client takes longer to write and read many values than the script runs.

local given = {}
for word in string.gmatch(ARGV[1], '%d+') do
  table.insert(given, tonumber(word))
end
local queued_max, wait_max = given[1], given[2]
local windows, at = {}, now
for place, key in ipairs(KEYS) do
  local window = ring(key, given[3 * place + 1])
  window.ceiling = given[3 * place]
  window.width = given[3 * place + 2]
  windows[place] = window
end
local first = windows[1]

local function text_of(reply)
  for place, number in ipairs(reply) do
    reply[place] = string.format('%.0f', number)
  end
  return table.concat(reply, ' ')
end

-- Behind the last reservation, if there is one: nobody overtakes.
at = math.max(at, first.latest)
if queued_max == 0 then
  now = at -- a clock that was set back stands still until it has caught up
end
for _, window in ipairs(windows) do
  if used(window) >= window.ceiling then
    at = math.max(at, nth_last(window, window.ceiling) + window.span)
  end
end

if at == now or (queued_max > 0 and at - now <= wait_max and nth_last(first, queued_max) <= now) then
  local reply = { 1, at - now, 0 }
  for _, window in ipairs(windows) do
    add(window, at, window.width)
    table.insert(reply, used(window))
    table.insert(reply, at + window.span - now)
  end
  if at > now then
    reply[3] = first.number
  end
  return text_of(reply)
end

local earliest = at
if queued_max > 0 then
  earliest = math.max(at - wait_max, nth_last(first, queued_max))
end
local reply = { 0, earliest - now, 0 }
for _, window in ipairs(windows) do
  local resets = now
  if used(window) >= window.ceiling then
    resets = math.min(earliest, nth_last(window, window.ceiling) + window.span)
  elseif used(window) > 0 then
    resets = math.max(now, window.latest + window.span)
  end
  table.insert(reply, used(window))
  table.insert(reply, resets - now)
end
return text_of(reply)
