-- Takes a job that has got its final state off all lists and out of the backlog.
-- include: backlog
-- include: changes
local function end_job(id, now)
  local user = redis.call('HGET', job_key(id), F.USER)
  redis.call('ZREM', K.ACTIVE_JOBS, id)
  redis.call('ZREM', K.WAITING_JOBS, id)
  if user then
    redis.call('SREM', user_in_work_key(user), id)
    redis.call('ZREM', user_line_key(user), id)
  end
  remove_from_backlog(id)
  mark_ended(id, now)
end
