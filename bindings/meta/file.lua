--- Files.
---
--- Every function is *async* and works on a thread of its own; outside a task, and in programs
--- without such threads, it works at once. Paths are bytes, relative ones start at the working
--- directory. Errors: `not_found`, `permission_denied`, `no_space`, `read_only`, `filesystem`.
---@meta engine.file
---@class engine.file
local file = {}

---@class engine.file.ReadOpts
---@field max? integer Bytes; more is an error. 64 MiB by default

--- The whole content of a regular file. *async*
---
---@param path string
---@param opts? engine.file.ReadOpts
---@return string? content
---@return engine.Error? err
---@async
function file.read(path, opts) end

--- Part of a regular file that somebody else may be writing; a symbolic link is refused. Shorter
--- than asked at the end of the file. *async*
---
---@param path string
---@param offset integer bytes
---@param size integer bytes, at most 64 MiB
---@return string? content
---@return engine.Error? err
---@async
function file.read_part(path, offset, size) end

--- Replaces a file in one step: readers see the old or the new content, never a part. *async*
---
---@param path string
---@param text string
---@param mode? integer Permission bits, 420 (0644) by default
---@return true? ok
---@return engine.Error? err
---@async
function file.write(path, text, mode) end

--- Adds to the end of a file, making it if needed. *async*
---
---@param path string
---@param text string
---@param mode? integer
---@return true? ok
---@return engine.Error? err
---@async
function file.append(path, text, mode) end

---@class engine.file.Entry
---@field name string
---@field type 'file'|'directory'|'symlink'|'other'

--- The entries of a directory in byte order. *async*
---
---@param path string
---@return engine.file.Entry[]? entries
---@return engine.Error? err
---@async
function file.list(path) end

--- Makes a directory and those above it; one that exists is fine. *async*
---
---@param path string
---@param mode? integer 493 (0755) by default
---@return true? ok
---@return engine.Error? err
---@async
function file.mkdir(path, mode) end

---@class engine.file.RemoveOpts
---@field recursive? boolean With all it holds; symbolic links are not followed

--- Removes a file or an empty directory. *async*
---
---@param path string
---@param opts? engine.file.RemoveOpts
---@return true? ok
---@return engine.Error? err
---@async
function file.remove(path, opts) end

--- Removes a file, or a folder and all in it, if there is one. It blocks and is done in a cancelled
--- task, too: for commands that clean up what they leave half done.
---@param path string
---@return true? ok
---@return engine.Error? err
function file.discard(path) end

--- *async*
---
---@param from string
---@param to string
---@return true? ok
---@return engine.Error? err
---@async
function file.rename(from, to) end

--- *async*
---
---@param target string
---@param path string
---@return true? ok
---@return engine.Error? err
---@async
function file.symlink(target, path) end

--- Makes directory `to` equal to directory `from`: content, modes, owners, times, links, extended
--- attributes; what `to` has beyond that is removed. *async*
---
---@param from string
---@param to string
---@return {files: integer, bytes: integer}? done
---@return engine.Error? err
---@async
function file.copy_tree(from, to) end

---@class engine.file.StatOpts
---@field follow? boolean Of what a symbolic link points to

---@class engine.file.Status
---@field type 'file'|'directory'|'symlink'|'other'
---@field size integer
---@field mode integer Permission bits
---@field uid integer
---@field gid integer
---@field mtime number Seconds since 1970
---@field inode integer Another one when the file was replaced
---@field target? string Of a symbolic link

--- *async*
---
---@param path string
---@param opts? engine.file.StatOpts
---@return engine.file.Status? status
---@return engine.Error? err
---@async
function file.stat(path, opts) end

--- Copies the content of one file to another place and flushes it to the disk. *async*
---
---@param from string
---@param to string Replaced if it exists
---@return true? ok
---@return engine.Error? err
---@async
function file.copy(from, to) end

---@class engine.file.Walked: engine.file.Status
---@field path string Relative to the root

--- Everything below a directory, in byte order of the paths. Symbolic links are not followed.
--- *async*
---
---@param root string
---@return engine.file.Walked[]? found
---@return engine.Error? err
---@async
function file.walk(root) end

--- *async*
---
---@param path string
---@return boolean
---@async
function file.exists(path) end

--- *async*
---
---@param path string
---@param mode integer
---@return true? ok
---@return engine.Error? err
---@async
function file.chmod(path, mode) end

---@class engine.file.Space
---@field total integer bytes
---@field free integer bytes
---@field available integer bytes that may be used without being root

--- The room on the file system of `path`. *async*
---@param path string
---@return engine.file.Space? space
---@return engine.Error? err
---@async
function file.space(path) end

return file
