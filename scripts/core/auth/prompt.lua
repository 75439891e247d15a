--- Passwords from whoever runs a command: from PASSWORD, from the terminal without showing them, or
--- from the first line of standard input.
local term = require('engine.term')

local M = {}

local function usage(message)
  return nil, { code = 'usage', message = message,
    hint = 'type it at the prompt, pipe it in, or set PASSWORD' }
end

local function read(prompt)
  local line, err = term.read_line(prompt, { echo = false })
  if not line then
    if err and err.code == 'closed' then return usage('no password was given') end
    return nil, err
  end
  if line == '' then return usage('the password is empty') end
  return line
end

--- A password that exists. *async*
---@return string? password
---@return engine.Error? err `usage`
---@async
function M.password()
  local given = os.getenv('PASSWORD')
  if given then return given end
  return read('Password: ')
end

--- A password that is to be, typed twice. *async*
---@return string? password
---@return engine.Error? err `usage`
---@async
function M.new_password()
  local given = os.getenv('PASSWORD')
  if given then return given end
  local first, err = read('New password: ')
  if not first or not term.is_tty(0) then return first, err end
  local second, failure = read('Once more: ')
  if not second then return nil, failure end
  if first ~= second then return usage('the two passwords differ') end
  return first
end

return M
