--- Hashes, random values, passwords and Ed25519 keys.
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

--- Makes a signing key and writes it to a new file (PEM, mode 0600). Never replaces a file.
---@param path string
---@return string? public_pem
---@return engine.Error? err `filesystem`, `permission_denied`
function crypto.keygen(path) end

--- A public key as this program writes it, so that equal keys are equal texts.
---@param pem string
---@return string? pem
---@return engine.Error? err `pem`
function crypto.canonical_key(pem) end

---@class engine.crypto.Key A private key, PEM in either form of PKCS#8
---@field path? string a file that only its owner can read
---@field pem? string the key itself, instead

--- An Ed25519ph signature, and the public key it is to be checked with.
---@param key engine.crypto.Key
---@param context string at most 255 bytes
---@param message string
---@return string? signature PEM
---@return string|engine.Error public PEM; or `not_found`, `permission_denied`, `pem`
function crypto.sign(key, context, message) end

--- Checks an Ed25519ph signature strictly; safe on hostile input.
---@param key string PEM
---@param context string at most 255 bytes
---@param message string
---@param signature string PEM
---@return true? valid
---@return engine.Error? err `invalid_signature`, `pem`
function crypto.verify(key, context, message, signature) end

--- RFC 4648 alphabet, upper case, no padding.
---@param bytes string
---@return string text
function crypto.to_base32(bytes) end

---@param bytes string
---@param padded? boolean default true
---@return string text
function crypto.to_base64(bytes, padded) end

--- Padding is optional.
---@param text string
---@return string? bytes
---@return engine.Error? err `deserialization`
function crypto.from_base64(text) end

---@param text string
---@return string? bytes
---@return engine.Error? err `deserialization`
function crypto.from_hex(text) end

--- Argon2id of a password with a fresh salt, encoded (RFC 9106, low-memory profile). Takes about a
--- tenth of a second. *async*
---@param password string
---@return string? encoded
---@return engine.Error? err `no_space`
---@async
function crypto.hash_password(password) end

--- Whether a password is the one an encoded hash was made of. As slow. *async*
---@param encoded string
---@param password string
---@return boolean? right
---@return engine.Error? err `deserialization` when it is no Argon2id hash
---@async
function crypto.verify_password(encoded, password) end

return crypto
