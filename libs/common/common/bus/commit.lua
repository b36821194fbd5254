#!lua name=aicoin
-- The bus's server-side half: each function is one atomic step, since Redis runs nothing else meanwhile and undoes
-- nothing. A function therefore checks everything that can refuse a call before its first write. Needs Redis 7.0; one
-- Redis, no Cluster, because keys beside the declared ones are made from the streams' names:
--   bus:seq:<stream>              hash: epoch (birth of the counters, in µs), source:<name>, channel:<name>
--   bus:seen:<stream>:<bucket>    set of output ids published in that 48 h bucket
--   bus:failures:<stream>:<group> hash: entry id -> number of failures
--   bus:lease:<name>              the owner, with the lease's time to live
--   bus:fence:<name>              the newest token; without it (after a wipe) every token is refused

local SEEN_WINDOW_S = 172800
local DEAD_CAP = 10000

local function number_text(value)
  return string.format('%.0f', value)
end

local function now_us()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- The counters of a stream, read once and written back once per call.
local function counter_of(counters, stream)
  local counter = counters[stream]
  if counter == nil then
    local key = 'bus:seq:' .. stream
    local epoch = redis.call('HGET', key, 'epoch')
    if not epoch then
      epoch = number_text(now_us())
      redis.call('HSET', key, 'epoch', epoch)
    end
    counter = { key = key, epoch = epoch, values = {} }
    counters[stream] = counter
  end
  return counter
end

local function next_value(counter, field)
  local value = counter.values[field]
  if value == nil then
    value = tonumber(redis.call('HGET', counter.key, field) or '0')
  end
  value = value + 1
  counter.values[field] = value
  return number_text(value)
end

local function save_counters(counters)
  for _, counter in pairs(counters) do
    for field, value in pairs(counter.values) do
      redis.call('HSET', counter.key, field, number_text(value))
    end
  end
end

-- Two buckets of 48 h each: an id is remembered for 48 to 96 hours.
local function seen_of(seen, stream)
  local buckets = seen[stream]
  if buckets == nil then
    local bucket = math.floor(tonumber(redis.call('TIME')[1]) / SEEN_WINDOW_S)
    local current = 'bus:seen:' .. stream .. ':' .. number_text(bucket)
    local previous = 'bus:seen:' .. stream .. ':' .. number_text(bucket - 1)
    buckets = { current = current, fresh = redis.call('EXISTS', current) == 0 }
    if redis.call('EXISTS', previous) == 1 then
      buckets.previous = previous
    end
    seen[stream] = buckets
  end
  return buckets
end

local function is_repeat(seen, stream, id)
  local buckets = seen_of(seen, stream)
  if buckets.previous and redis.call('SISMEMBER', buckets.previous, id) == 1 then
    return true
  end
  local added = redis.call('SADD', buckets.current, id)
  if buckets.fresh then
    redis.call('EXPIRE', buckets.current, 2 * SEEN_WINDOW_S)
    buckets.fresh = false
  end
  return added == 0
end

local function is_fenced(lease, token)
  if lease == '' then
    return false
  end
  local newest = redis.call('GET', 'bus:fence:' .. lease)
  return not newest or tonumber(newest) > tonumber(token)
end

local function forget_failures(stream, group, entries)
  local failures = 'bus:failures:' .. stream .. ':' .. group
  if redis.call('EXISTS', failures) == 1 then
    redis.call('HDEL', failures, unpack(entries))
  end
end

-- The first stream or cache key that the caller's rights don't let it write, or nil: found out before the first write.
local function forbidden_output(keys, args, items_from, cache_from, cache_pairs)
  local checked = {}
  local at = items_from
  while at <= #args do
    local count = tonumber(args[at + 2])
    at = at + 3
    for index = 0, count - 1 do
      local stream = keys[tonumber(args[at + 5 * index])]
      if not checked[stream] then
        checked[stream] = true
        if not redis.acl_check_cmd('XADD', stream, '*', 'event', '') then
          return stream
        end
      end
    end
    at = at + 5 * count
  end
  for index = 0, cache_pairs - 1 do
    local key = args[cache_from + 2 * index]
    if not redis.acl_check_cmd('SET', key, '') then
      return key
    end
  end
  return nil
end

-- In this order: a fenced or forbidden call changes nothing; entries are acknowledged, and those that were not pending any more (another
-- consumer has claimed and acknowledged them) count as refused, their outputs dropped; outputs are published, each id of a
-- deduplicated stream once; cache keys are set. Sequences have no gaps, since a number is taken only for an entry added.
--
-- KEYS: the streams. ARGV: source, group, lease, token; the number of cache pairs, the pairs; the number of streams with
-- entries without outputs, and per stream its index, how many, the entry ids; then items up to the end, each input
-- stream's index (0: none), entry id, number of outputs, and per output: stream's index, id, '1' if repeats are dropped,
-- channel or '', body. Replies {refused, published, repeated}.
local function commit(keys, args)
  local source, group = args[1], args[2]
  if is_fenced(args[3], args[4]) then
    return redis.error_reply('FENCED ' .. args[3])
  end
  local cache_pairs = tonumber(args[5])
  local cache_from = 6
  local at = cache_from + 2 * cache_pairs
  local refused, published, repeated = 0, 0, 0

  local bare_streams = tonumber(args[at])
  at = at + 1
  local items_from = at
  for _ = 1, bare_streams do
    items_from = items_from + 2 + tonumber(args[items_from + 1])
  end
  local forbidden = forbidden_output(keys, args, items_from, cache_from, cache_pairs)
  if forbidden then
    return redis.error_reply('NOPERM no right to write ' .. forbidden)
  end
  for _ = 1, bare_streams do
    local stream, count = keys[tonumber(args[at])], tonumber(args[at + 1])
    local entries = { unpack(args, at + 2, at + 1 + count) }
    refused = refused + count - redis.call('XACK', stream, group, unpack(entries))
    forget_failures(stream, group, entries)
    at = at + 2 + count
  end

  local outputs, acked = {}, {}
  while at <= #args do
    local input, entry, count = tonumber(args[at]), args[at + 1], tonumber(args[at + 2])
    at = at + 3
    local acknowledged = true
    if input > 0 then
      local stream = keys[input]
      acknowledged = redis.call('XACK', stream, group, entry) == 1
      if acknowledged then
        acked[stream] = acked[stream] or {}
        table.insert(acked[stream], entry)
      else
        refused = refused + 1
      end
    end
    if acknowledged then
      for index = 0, count - 1 do
        outputs[#outputs + 1] = at + 5 * index
      end
    end
    at = at + 5 * count
  end
  for stream, entries in pairs(acked) do
    forget_failures(stream, group, entries)
  end

  local counters, seen = {}, {}
  for _, from in ipairs(outputs) do
    local stream, id = keys[tonumber(args[from])], args[from + 1]
    if args[from + 2] == '1' and is_repeat(seen, stream, id) then
      repeated = repeated + 1
    else
      local counter = counter_of(counters, stream)
      local sequence = next_value(counter, 'source:' .. source)
      local channel = args[from + 3]
      if channel == '' then
        redis.call('XADD', stream, '*', 'event', args[from + 4], 'source', source,
          'sequence', sequence, 'epoch', counter.epoch)
      else
        redis.call('XADD', stream, '*', 'event', args[from + 4], 'source', source,
          'sequence', sequence, 'epoch', counter.epoch,
          'channel_sequence', next_value(counter, 'channel:' .. channel))
      end
      published = published + 1
    end
  end
  save_counters(counters)
  for index = 0, cache_pairs - 1 do
    redis.call('SET', args[cache_from + 2 * index], args[cache_from + 2 * index + 1])
  end
  return { refused, published, repeated }
end

-- An entry that is not pending counts nothing. At the limit it is copied to the dead letters and acknowledged.
-- KEYS: the stream. ARGV: group, entry id, reason, limit. Replies {count, 1 if moved to the dead letters}.
local function fail(keys, args)
  local stream, group, entry = keys[1], args[1], args[2]
  if #redis.call('XPENDING', stream, group, entry, entry, 1) == 0 then
    return { 0, 0 }
  end
  local failures = 'bus:failures:' .. stream .. ':' .. group
  local count = redis.call('HINCRBY', failures, entry, 1)
  if count < tonumber(args[4]) then
    return { count, 0 }
  end
  local found = redis.call('XRANGE', stream, entry, entry)
  local fields = found[1] and found[1][2] or {}
  for _, value in ipairs({ 'dead_stream', stream, 'dead_group', group, 'dead_entry', entry, 'dead_reason', args[3] }) do
    fields[#fields + 1] = value
  end
  redis.call('XADD', stream .. '.dead', 'MAXLEN', '~', DEAD_CAP, '*', unpack(fields))
  redis.call('XACK', stream, group, entry)
  redis.call('HDEL', failures, entry)
  return { count, 1 }
end

-- KEYS: none. ARGV: lease, owner, ttl in ms. Replies the new token as text, or false while another owner holds it.
-- A token is a time, so that it also outranks those from before a wipe.
local function acquire(_, args)
  local key = 'bus:lease:' .. args[1]
  local holder = redis.call('GET', key)
  if holder and holder ~= args[2] then
    return false
  end
  local newest = tonumber(redis.call('GET', 'bus:fence:' .. args[1]) or '0')
  local token = number_text(math.max(newest + 1, now_us()))
  redis.call('SET', 'bus:fence:' .. args[1], token)
  redis.call('SET', key, args[2], 'PX', args[3])
  return token
end

-- ARGV: lease, token, ttl in ms, owner; a ttl of 0 releases. Replies 1 if the token is still the newest. A lease that
-- has expired is the owner's again then, for no other owner has acquired it since.
local function renew(_, args)
  if is_fenced(args[1], args[2]) then
    return 0
  end
  local key = 'bus:lease:' .. args[1]
  if tonumber(args[3]) == 0 then
    redis.call('DEL', key)
  else
    redis.call('SET', key, args[4], 'PX', args[3])
  end
  return 1
end

local function parts_of(id)
  local ms, index = string.match(id, '^(%d+)%-?(%d*)$')
  return tonumber(ms), tonumber(index ~= '' and index or '0')
end

local function is_before(left, right)
  local left_ms, left_index = parts_of(left)
  local right_ms, right_index = parts_of(right)
  return left_ms < right_ms or (left_ms == right_ms and left_index < right_index)
end

-- Per group: the id before or at which nothing more is needed, and whether that very id is still needed.
local function needs_of(stream)
  local needs = {}
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local group = {}
    for index = 1, #info, 2 do
      group[info[index]] = info[index + 1]
    end
    local pending = redis.call('XPENDING', stream, group['name'])
    needs[group['name']] = { id = pending[2] or group['last-delivered-id'], itself = pending[2] and true or false }
  end
  return needs
end

-- KEYS: the stream. ARGV: retention in ms, hard cap in entries. Replies {removed, names of broken groups…}.
local function trim(keys, args)
  local stream = keys[1]
  if redis.call('EXISTS', stream) == 0 then
    return { 0 }
  end
  local needs = needs_of(stream)
  local limit = number_text(math.max(0, math.floor(now_us() / 1000) - tonumber(args[1]))) .. '-0'
  for _, needed in pairs(needs) do
    if is_before(needed.id, limit) then
      limit = needed.id
    end
  end
  local reply = { redis.call('XTRIM', stream, 'MINID', limit) }
  local over = redis.call('XLEN', stream) - tonumber(args[2])
  if over > 0 then
    local lost = redis.call('XRANGE', stream, '-', '+', 'COUNT', over)
    local last_lost = lost[#lost][1]
    reply[1] = reply[1] + redis.call('XTRIM', stream, 'MAXLEN', args[2])
    for group, needed in pairs(needs) do
      if is_before(needed.id, last_lost) or (needed.itself and needed.id == last_lost) then
        reply[#reply + 1] = group
      end
    end
  end
  return reply
end

-- A full Redis refuses commits, whole, but not what frees memory or keeps an owner: that must go on.
local function register(name, callback, ...)
  redis.register_function{ function_name = name, callback = callback, flags = { ... } }
end

register('aicoin_commit', commit)
register('aicoin_fail', fail, 'allow-oom')
register('aicoin_acquire', acquire, 'allow-oom')
register('aicoin_renew', renew, 'allow-oom')
register('aicoin_trim', trim, 'allow-oom')
