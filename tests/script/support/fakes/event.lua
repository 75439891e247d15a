--- engine.event that keeps what is asked of it.
local M = { subscribed = {}, unsubscribed = {}, published = {}, reads = {}, page = {} }

function M.subscribe(connection, filter, options)
  M.subscribed[#M.subscribed + 1] = { connection = connection, filter = filter, options = options }
  return #M.subscribed, { next = 1, replayed = 0, gap = false }
end

function M.unsubscribe(connection, sub)
  M.unsubscribed[#M.unsubscribed + 1] = { connection = connection, sub = sub }
  return true
end

function M.publish(new)
  M.published[#M.published + 1] = new
  return #M.published
end

--- Types and jobs only.
function M.matches(filter, new)
  local function has(wanted, value)
    for _, each in ipairs(wanted or { value }) do
      if each == value then return true end
    end
    return false
  end
  return has(filter.type, new.type) and has(filter.job, new.job)
end

--- Answers with `M.page`.
function M.read(filter, options)
  M.reads[#M.reads + 1] = { filter = filter, options = options }
  return { events = M.page, next = #M.page, gap = M.gap == true }
end

function M.counts()
  local one = { events = 1, bytes = 100, subscriptions = 0, lastSeq = 1 }
  return { events = one, logs = one }
end

return M
