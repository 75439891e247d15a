--- The error every engine function gives as its second result.
---@meta engine.Error

---@class engine.Error
---@field code string Kind, as in `engine.errc`: `not_found`, `conflict`, `timeout`, …
---@field message string One sentence: what happened and where
---@field hint? string What to do about it
---@field details? any Structured data
---@field debug? string For developers (a traceback); never sent to clients
