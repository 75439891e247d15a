--- engine.event that keeps what is asked of it.
local M = { subscribed = {}, unsubscribed = {} }

function M.subscribe(connection, filter)
  M.subscribed[#M.subscribed + 1] = { connection = connection, filter = filter }
  return #M.subscribed, { next = 1, replayed = 0, gap = false }
end

function M.unsubscribe(connection, sub)
  M.unsubscribed[#M.unsubscribed + 1] = { connection = connection, sub = sub }
  return true
end

return M
