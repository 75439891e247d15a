--- The terminal of a command-line program: its three standard streams.
---@meta engine.term
local term = {}

--- Writes to standard output; a line of progress is wiped first.
---@param text string
---@return true? ok
---@return engine.Error? err `closed` when nobody reads it any more; `no_space` and others
function term.write(text) end

--- Writes to standard error.
---@param text string
---@return true? ok
---@return engine.Error? err `closed`
function term.error(text) end

---@param fd? 0|1|2 default 1
---@return boolean
function term.is_tty(fd) end

--- Columns of the terminal; nothing where there is none.
---@param fd? 0|1|2 default 1
---@return integer?
function term.width(fd) end

--- Whether to use colours: on a terminal that is not dumb, unless NO_COLOR is set.
---@param fd? 0|1|2 default 1
---@return boolean
function term.color(fd) end

--- All of standard input, at most 64 MiB. *async*
---@return string? text
---@return engine.Error? err `usage` when it is longer, `filesystem`
---@async
function term.read_stdin() end

---@class engine.term.ReadOptions
---@field echo? boolean false: what is typed is not shown, for secrets

--- One line of standard input without its end; the prompt is shown on a terminal only. *async*
---@param prompt? string
---@param opts? engine.term.ReadOptions
---@return string? line
---@return engine.Error? err `closed` at the end of the input
---@async
function term.read_line(prompt, opts) end

--- Shows one line on standard error over the one shown before; nil takes it away. Does nothing
--- where standard error is no terminal.
---@param text? string
---@return boolean shown
function term.progress(text) end

--- From now on the command is cancelled, as by the signal SIGPIPE, when nobody reads its standard
--- output any more. For one that waits long between two lines: it would find out at the next one.
function term.end_with_reader() end

--- The signal this command was cancelled by; nothing when it was not.
---@return integer?
function term.interrupted() end

return term
