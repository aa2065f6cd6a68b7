-- What the scripts of limits share: one window of one caller as a list of cells (ring.py says the same in Python).
-- A cell is packed as its latest moment and the number of calls ever made up to it. The first cell of a list has left
-- already and says from which number the count begins. Moments are microseconds of this server's own clock.

local SECOND = 1000000
local time = redis.call('TIME')
local now = time[1] * SECOND + time[2]

local function packed(moment, number)
  return struct.pack('>dd', moment, number)
end

local function cell(key, place)
  local text = redis.call('LINDEX', key, place)
  if text then
    local moment, number = struct.unpack('>dd', text)
    return moment, number
  end
  return 0, 0
end

-- Forgets what has left; a ring is its key, the number before the first counted call, and its last cell.
local function ring(key, span)
  local head = redis.call('LRANGE', key, 0, 1)
  while head[2] and struct.unpack('>d', head[2]) <= now - span do
    redis.call('LPOP', key)
    head = redis.call('LRANGE', key, 0, 1)
  end
  if not head[1] then
    return { key = key, span = span, gone = 0, latest = 0, number = 0, is_new = true }
  end
  local _, gone = struct.unpack('>dd', head[1])
  local latest, number = cell(key, -1)
  return { key = key, span = span, gone = gone, latest = latest, number = number }
end

local function used(window)
  return window.number - window.gone
end

local function nth_last(window, nth)
  local wanted = window.number - nth + 1
  if wanted <= window.gone or wanted > window.number then
    return 0
  end
  local low, high = 0, redis.call('LLEN', window.key) - 1
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    local _, number = cell(window.key, middle)
    if number < wanted then
      low = middle
    else
      high = middle
    end
  end
  local moment = cell(window.key, high)
  return moment
end

local function add(window, moment, width)
  local is_joining = window.latest == moment
  if width > 0 then
    is_joining = math.floor(window.latest / width) == math.floor(moment / width)
  end
  local text = packed(moment, window.number + 1)
  if is_joining and used(window) > 0 then
    redis.call('LSET', window.key, -1, text)
  else
    if window.is_new then
      redis.call('RPUSH', window.key, packed(0, 0), text)
    else
      redis.call('RPUSH', window.key, text)
    end
    -- Later calls may join this cell for as long as it is wide.
    redis.call('PEXPIRE', window.key, math.ceil((moment - now + window.span + width + SECOND) / 1000))
  end
  window.latest = moment
  window.number = window.number + 1
end
