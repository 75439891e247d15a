--- What access needs beside calls, on the control loop: the local cookie, and the uses of sessions
--- written down.
local limiter = require('middleware.auth.limiter')
local local_cookie = require('middleware.auth.local_cookie')
local log = require('engine.log')
local loop = require('engine.loop')
local sessions = require('middleware.auth.sessions')

local M = {}

local EVERY = 300

local task

local function report(fine, err)
  if not fine then log.warn('auth', err.message) end
end

local function keep()
  report(local_cookie.ensure())
  repeat
    report(sessions.flush())
    limiter.sweep()
  until not loop.sleep(EVERY)
end

--- Runs with each generation of scripts, until `retire`.
function M.start() task = loop.spawn(keep, { name = 'auth' }) end

--- Writes down what is only in memory. *async*
---@async
function M.retire()
  if task then task:cancel() end
  report(sessions.flush())
end

return M
