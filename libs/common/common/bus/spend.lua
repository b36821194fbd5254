
-- What a contender's models cost in a day: one hash, with one field for each process that has spent, which that process
-- alone writes: '<sequence>:<micro-USD>'. A figure is the process's whole sum, so that a repeated command changes nothing;
-- the higher sequence wins, so that a late one doesn't either.

local function parts_of_spending(field)
  local sequence, micro_usd = string.match(field, '^(%d+):(%d+)$')
  return tonumber(sequence), tonumber(micro_usd)
end

local function is_newer_spending(field, stored)
  return not stored or parts_of_spending(field) > parts_of_spending(stored)
end

-- First what the caller knows is stored again where Redis has lost it. Then the caller's new figure is stored, unless
-- the day's sum would pass the cap.
-- KEYS: the day. ARGV: the caller's process, its new figure, the cap in micro-USD or '' for none, time to live in s; then
-- pairs of process and figure as the caller knows them. Replies {1 if stored, process, figure, …} with all processes.
local function spend(keys, args)
  local key, process, figure = keys[1], args[1], args[2]
  local stored, changed = {}, {}
  local found = redis.call('HGETALL', key)
  for index = 1, #found, 2 do
    stored[found[index]] = found[index + 1]
  end
  local function put(name, field)
    if is_newer_spending(field, stored[name]) then
      stored[name] = field
      changed[#changed + 1] = name
    end
  end
  for index = 5, #args, 2 do
    put(args[index], args[index + 1])
  end
  local _, sum = parts_of_spending(figure)
  for name, field in pairs(stored) do
    if name ~= process then
      local _, micro_usd = parts_of_spending(field)
      sum = sum + micro_usd
    end
  end
  local fits = args[3] == '' or sum <= tonumber(args[3])
  if fits then
    put(process, figure)
  end
  for _, name in ipairs(changed) do
    redis.call('HSET', key, name, stored[name])
  end
  if #changed > 0 then
    redis.call('EXPIRE', key, args[4])
  end
  local reply = { fits and 1 or 0 }
  for name, field in pairs(stored) do
    reply[#reply + 1] = name
    reply[#reply + 1] = field
  end
  return reply
end

register('aicoin_spend', spend, 'allow-oom')
