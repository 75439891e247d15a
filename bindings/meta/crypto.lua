--- Hashes, random values and Ed25519 keys.
---@meta engine.crypto
local crypto = {}

--- A new identifier: 20 random bytes as 32 characters of upper-case base32.
---@return string guid
function crypto.guid() end

--- Random bytes from the kernel.
---@param count integer from 0 to 65536
---@return string bytes
function crypto.random(count) end

--- BLAKE3 of a string, in hex.
---@param bytes string
---@return string hex
function crypto.blake3(bytes) end

--- BLAKE3 of a file, in hex, on all processors. *async*
---@param path string
---@return string? hex
---@return engine.Error? err `not_found`, `permission_denied`, `filesystem`
---@async
function crypto.blake3_file(path) end

--- SHA-256 of a string, in hex.
---@param bytes string
---@return string hex
function crypto.sha256(bytes) end

--- Compares two secrets without telling through time where they differ.
---@param a string
---@param b string
---@return boolean equal
function crypto.equal(a, b) end

--- Makes a signing key and writes it to a new file (PEM, mode 0640). Never replaces a file.
---@param path string
---@return string? public_pem
---@return engine.Error? err `filesystem`, `permission_denied`
function crypto.keygen(path) end

--- The public key that belongs to a key file, private or public, as PEM.
---@param path string
---@return string? public_pem
---@return engine.Error? err `not_found`, `pem`
function crypto.public_key(path) end

return crypto
