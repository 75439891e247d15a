--- A line editor on the terminal, with history and completion. Only inside moon-cli.
---@meta engine.editor
local editor = {}

---@class engine.editor.Options
---@field history? string File that keeps the lines
---@field complete? fun(line: string): string[] Names the word at the end of `line` may become; may
--- wait

---@class engine.editor.Editor
local Editor = {}

---@param options? engine.editor.Options
---@return engine.editor.Editor? editor
---@return engine.Error? err `not_found` where libedit is not installed
function editor.open(options) end

--- One line, without its end. *async*
---@param prompt string
---@return string? line
---@return engine.Error? err `closed` at the end of input; `cancelled` for Ctrl-C
---@async
function Editor:read(prompt) end

function Editor:close() end

--- What Ctrl-C does from now on while no line is read; nil: it cancels the command, as ever.
---@param fn? fun()
function editor.on_interrupt(fn) end

return editor
