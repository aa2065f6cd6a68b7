-- Counts calls that were admitted elsewhere, each at its own moment, among those that are counted here.
-- KEYS: a list for each window. ARGV: for each window its span, its width, how many cells follow, and of each cell its
-- age in microseconds and its number of calls. Gives how many calls each window counts then.

local function charge(key, span, width, debts)
  local window = ring(key, span)
  if #debts == 0 then
    return used(window)
  end
  local cells, before = debts, window.gone
  for _, text in ipairs(redis.call('LRANGE', key, 1, -1)) do
    local moment, number = struct.unpack('>dd', text)
    table.insert(cells, { moment, number - before })
    before = number
  end
  table.sort(cells, function(one, other) return one[1] < other[1] end)
  redis.call('DEL', key)
  redis.call('RPUSH', key, packed(0, window.gone))
  local number, place = window.gone, nil
  for _, one in ipairs(cells) do
    number = number + one[2]
    if place and width > 0 and place == math.floor(one[1] / width) then
      redis.call('LSET', key, -1, packed(one[1], number))
    else
      redis.call('RPUSH', key, packed(one[1], number))
    end
    place = math.floor(one[1] / math.max(width, 1))
  end
  local latest = cells[#cells][1]
  redis.call('PEXPIRE', key, math.ceil((latest - now + span + width + SECOND) / 1000))
  return number - window.gone
end

local next, counted = 1, {}
for _, key in ipairs(KEYS) do
  local span, width, count = tonumber(ARGV[next]), tonumber(ARGV[next + 1]), tonumber(ARGV[next + 2])
  next = next + 3
  local debts = {}
  for _ = 1, count do
    local moment = now - tonumber(ARGV[next])
    if moment + span > now then
      table.insert(debts, { moment, tonumber(ARGV[next + 1]) })
    end
    next = next + 2
  end
  table.insert(counted, charge(key, span, width, debts))
end
return counted
