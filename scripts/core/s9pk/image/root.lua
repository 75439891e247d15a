--- A root file system while it is built. Whatever links it holds, nothing is written outside of it:
--- paths are followed as a process would whose root it is.
local errc = require('engine.errc')
local file = require('engine.file')
local names = require('lib.names')

local M = {}

-- As many links as the kernel follows.
local MAX_LINKS = 40

local function problem(message) return nil, errc.new('pack', message) end

--- Puts the parts of `path` before those in `queue`, where the next part is the last.
local function push(queue, path)
  local parts = {}
  for part in path:gmatch('[^/]+') do
    parts[#parts + 1] = part
  end
  for i = #parts, 1, -1 do
    queue[#queue + 1] = parts[i]
  end
end

--- Where a link of the root points to, or nil.
local function link_at(root, done)
  local status = file.stat(root .. '/' .. table.concat(done, '/'))
  return status and status.type == 'symlink' and status.target or nil
end

--- Follows the directories of `path`; its last part is not followed, so that a link there is
--- replaced and not written through. *async*
---@param root string
---@param path string As a process in the image would say it
---@return string? place Below `root`
---@return engine.Error? err `pack`
---@async
function M.resolve(root, path)
  local queue, done, links = {}, {}, 0
  push(queue, path)
  while #queue > 0 do
    local part = table.remove(queue)
    if part == '..' then
      done[#done] = nil
    elseif part ~= '.' then
      done[#done + 1] = part
      local target = #queue > 0 and link_at(root, done)
      if target then
        links = links + 1
        if links > MAX_LINKS then
          return problem(("'%s' leads through a ring of links"):format(path))
        end
        done = target:sub(1, 1) == '/' and {} or { unpack(done, 1, #done - 1) }
        push(queue, target)
      end
    end
  end
  return root .. '/' .. table.concat(done, '/')
end

--- The place of a new entry: its folders exist, and nothing but a folder lies there. *async*
local function make_room(root, path)
  local place, err = M.resolve(root, path)
  if not place then return nil, err end
  local parent, wrong = file.mkdir(place:match('^(.*)/'))
  if not parent then return nil, wrong end
  local status = file.stat(place)
  if status and status.type ~= 'directory' then
    local removed, failure = file.remove(place)
    if not removed then return nil, failure end
  end
  return place
end

--- A folder; through links of the root to folders, as `/bin` often is one. *async*
---@param root string
---@param path string
---@param mode? integer
---@return true? ok
---@return engine.Error? err
---@async
function M.mkdir(root, path, mode)
  local place, err = M.resolve(root, path .. '/.')
  if not place then return nil, err end
  local fine, wrong = file.mkdir(place)
  if not fine then return nil, wrong end
  if mode then return file.chmod(place, mode) end
  return true
end

---@param root string
---@param path string
---@param text string
---@return true? ok
---@return engine.Error? err
---@async
function M.write(root, path, text)
  local place, err = make_room(root, path)
  if not place then return nil, err end
  return file.write(place, text)
end

---@param root string
---@param path string
---@param target string
---@return true? ok
---@return engine.Error? err
---@async
function M.symlink(root, path, target)
  local place, err = make_room(root, path)
  if not place then return nil, err end
  return file.symlink(target, place)
end

---@param root string
---@param path string
---@param from string A file outside
---@param mode integer
---@return true? ok
---@return engine.Error? err
---@async
function M.copy(root, path, from, mode)
  local place, err = make_room(root, path)
  if not place then return nil, err end
  local fine, wrong = file.copy(from, place)
  if not fine then return nil, wrong end
  return file.chmod(place, mode)
end

local function add_entry(root, folder, entry)
  if entry.type == 'directory' then return M.mkdir(root, entry.path, entry.mode) end
  if entry.type == 'symlink' then return M.symlink(root, entry.path, entry.target) end
  if entry.type == 'file' then
    return M.copy(root, entry.path, folder .. '/' .. entry.path, entry.mode)
  end
  return problem(('%s/%s is neither file, folder nor link'):format(folder, entry.path))
end

--- Everything in a folder of the author, over what is there. *async*
---@param root string
---@param folder string
---@return true? ok
---@return engine.Error? err
---@async
function M.add_folder(root, folder)
  local entries, err = file.walk(folder)
  if not entries then return nil, err end
  for _, entry in ipairs(entries) do
    local fine, wrong = add_entry(root, folder, entry)
    if not fine then return nil, wrong end
  end
  return true
end

--- Calls `add(root, path, value)` for every member, in the order of the paths. *async*
---@param root string
---@param members? table<string, string>
---@param add fun(root: string, path: string, value: string): true?, engine.Error?
---@return true? ok
---@return engine.Error? err
---@async
function M.each(root, members, add)
  for _, path in ipairs(names.sorted_keys(members or {})) do
    if path:find('..', 1, true) and ('/' .. path .. '/'):find('/../', 1, true) then
      return problem(("'%s' leaves the image"):format(path))
    end
    if type(members[path]) ~= 'string' then
      return problem(("what the recipe says of '%s' must be a text"):format(path))
    end
    local fine, err = add(root, path, members[path])
    if not fine then return nil, err end
  end
  return true
end

return M
