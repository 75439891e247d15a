--- Tells the caller the revision the store has reached, so that a client that follows the store
--- waits for it and reads its own writes. Transports with headers send it as X-Patch-Sequence.
local store = require('engine.store')

local M = {}

M.name = 'sync_db'

M.keys = { sync_db = { type = 'boolean', default = false } }

-- What a failed call has written before it failed is to be waited for, too.
M.after_raise = true

function M.applies(metadata) return metadata.sync_db end

--- After the handler: what it has written is visible, so the newest revision is not below its own.
--- Who follows the store comes to it, too, whatever part he follows.
function M.response(call)
  call.response = call.response or {}
  call.response.patch_sequence = store.sync()
end

return M
