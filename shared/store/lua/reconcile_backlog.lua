-- Compares the backlog's counters with what the active jobs have left to do, and repairs them.
--
-- KEYS[1...] the users' backlogs that there are
-- ARGV[1] 1 to repair the counters, else 0
-- Returns what differed: {key, audio ms counted, jobs counted, audio ms there are, jobs there are,
-- ...}.
-- include: keys
-- include: backlog
local audio, jobs = {[K.BACKLOG] = 0}, {[K.BACKLOG] = 0}
for _, key in ipairs(KEYS) do audio[key], jobs[key] = 0, 0 end
local function add(key, audio_ms)
  audio[key], jobs[key] = (audio[key] or 0) + audio_ms, (jobs[key] or 0) + 1
end
for _, id in ipairs(redis.call('ZRANGE', K.ACTIVE_JOBS, 0, -1)) do
  local audio_ms, user, is_in_work = counted(id)
  if audio_ms then
    add(user_backlog_key(user), audio_ms)
    if is_in_work then add(K.BACKLOG, audio_ms) end
  end
end
local differences = {}
for key, audio_ms in pairs(audio) do
  local found = redis.call('HMGET', key, B.AUDIO_MS, B.JOBS)
  local found_ms, found_jobs = tonumber(found[1]) or 0, tonumber(found[2]) or 0
  if found_ms ~= audio_ms or found_jobs ~= jobs[key] then
    for _, value in ipairs({key, found_ms, found_jobs, audio_ms, jobs[key]}) do
      table.insert(differences, value)
    end
    if ARGV[1] == '1' then count(key, audio_ms - found_ms, jobs[key] - found_jobs) end
  end
end
return differences
