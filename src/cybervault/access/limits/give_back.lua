-- Frees the place of a caller that left, if its reservation is still to come and was the last; else it is spent.
-- KEYS: a list for each window. ARGV: the ticket.

local latest, number = cell(KEYS[1], -1)
if number ~= tonumber(ARGV[1]) or latest <= now then
  return 0
end
for _, key in ipairs(KEYS) do
  local moment, last = cell(key, -1)
  local _, before = cell(key, -2)
  if last - 1 == before then
    redis.call('RPOP', key)
  else
    redis.call('LSET', key, -1, packed(moment, last - 1))
  end
end
return 1
