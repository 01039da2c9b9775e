-- Keeps the backlog's counters in step with the jobs. A job counts towards its user's backlog
-- while it is active, and towards the common backlog while it is in work.
-- include: keys
-- include: job_fields
local BACKLOG_TTL_S = 7 * 24 * 3600

local function count(key, audio_ms, jobs)
  redis.call('HINCRBY', key, B.AUDIO_MS, string.format('%d', audio_ms))
  if redis.call('HINCRBY', key, B.JOBS, jobs) <= 0 then
    redis.call('DEL', key)
  else
    redis.call('EXPIRE', key, BACKLOG_TTL_S)
  end
end

-- Returns what a job has left to do, or nil if it is not counted; its user; whether it counts
-- towards the common backlog.
local function counted(id)
  local found = redis.call('HMGET', job_key(id), F.BACKLOG_MS, F.USER, F.IN_BACKLOG)
  return tonumber(found[1]), found[2], found[3] == '1'
end

-- Starts to count a job, whose field USER is set.
local function add_to_backlog(id, audio_ms, is_in_work)
  redis.call('HSET', job_key(id), F.BACKLOG_MS, string.format('%d', audio_ms))
  count(user_backlog_key(redis.call('HGET', job_key(id), F.USER)), audio_ms, 1)
  if is_in_work then
    redis.call('HSET', job_key(id), F.IN_BACKLOG, 1)
    count(K.BACKLOG, audio_ms, 1)
  end
end

-- Counts a job towards the common backlog too.
local function add_to_common_backlog(id)
  local audio_ms, _, is_in_work = counted(id)
  if not audio_ms or is_in_work then return end
  redis.call('HSET', job_key(id), F.IN_BACKLOG, 1)
  count(K.BACKLOG, audio_ms, 1)
end

-- Changes what a job has left to do, if it is counted. That is nothing if it has failed, has been
-- featurized, or follows another job.
local function change_backlog(id, audio_ms)
  local before_ms, user, is_in_work = counted(id)
  local done = redis.call('HMGET', job_key(id), F.AUDIO_DONE, F.LEADER)
  if done[1] or done[2] then audio_ms = 0 end
  if not before_ms or before_ms == audio_ms then return end
  redis.call('HSET', job_key(id), F.BACKLOG_MS, string.format('%d', audio_ms))
  count(user_backlog_key(user), audio_ms - before_ms, 0)
  if is_in_work then count(K.BACKLOG, audio_ms - before_ms, 0) end
end

-- Sets what is left of a track that is divided into segments, by its plan as JSON.
local function change_backlog_by_plan(id, plan, completed, chunk_ms)
  if not plan then return end
  local divided = cjson.decode(plan)
  local left_ms = divided.duration_s * 1000 - completed * divided.segment_chunks * chunk_ms
  change_backlog(id, math.max(0, math.floor(left_ms + 0.5)))
end

-- Notes that nothing of a job's audio is left to featurize.
local function end_audio(id)
  redis.call('HSET', job_key(id), F.AUDIO_DONE, 1)
  change_backlog(id, 0)
end

-- Ceases to count a job.
local function remove_from_backlog(id)
  local audio_ms, user, is_in_work = counted(id)
  if not audio_ms then return end
  redis.call('HDEL', job_key(id), F.BACKLOG_MS, F.IN_BACKLOG)
  count(user_backlog_key(user), -audio_ms, -1)
  if is_in_work then count(K.BACKLOG, -audio_ms, -1) end
end
