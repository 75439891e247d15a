--- Signed packages (s9pk version 2): reading, verifying, writing. Those of version 1: reading.
---
--- Nothing a package gives is unverified: its signature and tables are checked before they are
--- used, the content of a file before it is handed out. Functions marked *async* run on the offload
--- pool and may yield.
---@meta engine.archive
local archive = {}

---@class engine.archive.Commitment
---@field rootSighash string base64 without padding
---@field rootSighashHex string
---@field rootMaxsize integer bytes

---@class engine.archive.Place Where a package is wrong
---@field stage 'header'|'signature'|'commitment'|'table'|'file'|'manifest'|'package'
---@field rule string as docs/s9pk.md lists them
---@field path? string inside the package
---@field offset? integer of the byte in the file

---@class engine.archive.Entry
---@field path string from the root of the package, names joined by "/"
---@field type 'file'|'directory'|'missing'
---@field size integer bytes of a file; of a directory, the largest size of its table
---@field hash string hex
---@field position? integer of a file: where its bytes begin in the package file

---@class engine.archive.Package
local Package = {}

--- The decoded manifest.
---@return table? manifest
---@return engine.Error? err `validate_s9pk`
function Package:manifest() end

--- What a registry would sign about this package.
---@return engine.archive.Commitment commitment
function Package:commitment() end

--- Of the package file, in bytes.
---@return integer bytes
function Package:size() end

--- The public key that signed the package, as PEM.
---@return string pem
function Package:signer() end

--- Everything below a directory, depth first, in byte order of the names. *async*
---@param path? string a directory; the whole package if absent
---@return engine.archive.Entry[]? entries
---@return engine.Error? err `not_found`, `parse_s9pk`, `validate_s9pk`
---@async
function Package:list(path) end

--- One entry, of whatever type. *async*
---@param path string
---@return engine.archive.Entry? entry
---@return engine.Error? err `not_found`, `parse_s9pk`, `validate_s9pk`
---@async
function Package:find(path) end

--- The verified content of a file of at most 16 MiB. *async*
---@param path string
---@return string? content
---@return engine.Error? err `not_found`, `parse_s9pk`, `validate_s9pk`
---@async
function Package:read(path) end

---@class engine.archive.ExtractOptions
---@field mode? integer permission bits of the new file (default 420, that is 0644)
---@field threads? integer default: one per processor

--- Copies a file out, verifying it on the way; `destination` appears only when it is complete and
--- right, replacing what was there. *async*
---@param path string
---@param destination string
---@param opts? engine.archive.ExtractOptions
---@return true? ok
---@return engine.Error? err `not_found`, `parse_s9pk`, `validate_s9pk`, `filesystem`, `cancelled`
---@async
function Package:extract(path, destination, opts) end

---@class engine.archive.ExtractAllOptions
---@field threads? integer default: one per processor
---@field progress? fun(done: integer, total: integer) as in VerifyOptions

---@class engine.archive.ExtractReport
---@field files integer
---@field directories integer
---@field bytes integer

--- Writes everything that is present into a new or empty folder, verifying it on the way. Nothing
--- outside of it is touched, no link followed, no file replaced. *async*
---@param folder string
---@param opts? engine.archive.ExtractAllOptions
---@return engine.archive.ExtractReport? report
---@return engine.Error? err as for `extract`; `duplicate` when the folder is not empty
---@async
function Package:extract_all(folder, opts) end

--- Copies a file to standard output while it is verified: what was written counts only if this
--- succeeds. *async*
---@param path string
---@return true? ok
---@return engine.Error? err as for `extract`; `closed` when nobody reads the output any more
---@async
function Package:print(path) end

---@class engine.archive.RewriteOptions
---@field check? boolean refuse what would not pass `verify` at level package
---@field arch? string leave out what an installation for this architecture does not need
---@field threads? integer default: one per processor
---@field progress? fun(done: integer, total: integer) as in VerifyOptions

--- Writes the package to another file, manifest first, every byte verified on the way. Hashes and
--- signature stay. *async*
---@param output string appears only when complete; may be the package's own file
---@param opts? engine.archive.RewriteOptions
---@return engine.archive.Commitment? commitment
---@return engine.Error? err `validate_s9pk`, `parse_s9pk`, `filesystem`, `cancelled`
---@async
function Package:rewrite(output, opts) end

---@class engine.archive.VerifyOptions
---@field level? 'archive'|'open'|'package' default 'package'
---@field commitment? string|engine.archive.Commitment root hash in hex or base64, or both fields
---@field arch? string level package: only this architecture's images are needed
---@field threads? integer default: one per processor
---@field progress? fun(done: integer, total: integer) bytes; at most ten times a second; no yield

---@class engine.archive.Report
---@field files integer
---@field directories integer
---@field missing integer entries left out of this copy
---@field bytes integer hashed
---@field warnings string[]

--- Reads and checks the whole package up to a level. *async*
---@param opts? engine.archive.VerifyOptions
---@return engine.archive.Report? report
---@return engine.Error? err `validate_s9pk`, `parse_s9pk`, `cancelled`; `details` engine.archive.Place
---@async
function Package:verify(opts) end

--- Lets the file go. Work that has begun goes on to its end. Idempotent.
function Package:close() end

---@class engine.archive.OpenOptions
---@field commitment? string|engine.archive.Commitment what the package must be

--- Opens a package; its signature, root table and, if it matches, the commitment are checked. *async*
---@param path string
---@param opts? engine.archive.OpenOptions
---@return engine.archive.Package? package
---@return engine.Error? err `filesystem`, `not_found`, `parse_s9pk`, `invalid_signature`,
--- `validate_s9pk`; `details` engine.archive.Place
---@async
function archive.open(path, opts) end

---@class engine.archive.OpenUrlOptions: engine.archive.OpenOptions
---@field cacert? string file of the authorities whose certificates are good; default: the system's
---@field timeout? number seconds the server may be almost silent, and the most to connect; default 30

--- Opens a package on a web server, of which only what is looked at is transferred if the server
--- sends ranges. *async*
---@param url string http or https
---@param opts? engine.archive.OpenUrlOptions
---@return engine.archive.Package? package
---@return engine.Error? err as for `open`; `network`, `timeout`, `not_found`, `parse_url`
---@async
function archive.open_url(url, opts) end

---@class engine.archive.LegacyPackage A package of version 1: sections, each with a label
local LegacyPackage = {}

--- As it was written, in the words of version 1.
---@return table manifest
function LegacyPackage:manifest() end

--- The sections, by their places; their paths are their labels.
---@return engine.archive.Entry[] sections
function LegacyPackage:list() end

--- Of the package file, in bytes.
---@return integer bytes
function LegacyPackage:size() end

--- The public key that signed the package, as PEM.
---@return string pem
function LegacyPackage:signer() end

--- Copies a section out, verifying it on the way; `destination` appears only when it is right.
--- *async*
---@param label string
---@param destination string
---@return true? ok
---@return engine.Error? err `not_found`, `validate_s9pk`, `filesystem`, `cancelled`
---@async
function LegacyPackage:extract(label, destination) end

--- Lets the file go. Idempotent.
function LegacyPackage:close() end

---@class engine.archive.LegacyOptions
---@field progress? fun(done: integer, total: integer) as in VerifyOptions

--- Opens a package of version 1, which `open` refuses by the rule `version`. It is read to its end,
--- because its signature covers all of it. *async*
---@param path string
---@param opts? engine.archive.LegacyOptions
---@return engine.archive.LegacyPackage? package
---@return engine.Error? err as for `open`
---@async
function archive.open_legacy(path, opts) end

---@class engine.archive.LegacyUrlOptions: engine.archive.LegacyOptions
---@field cacert? string as in OpenUrlOptions
---@field timeout? number as in OpenUrlOptions

--- The same from a web server. What is taken out later is transferred again. *async*
---@param url string http or https
---@param opts? engine.archive.LegacyUrlOptions
---@return engine.archive.LegacyPackage? package
---@return engine.Error? err as for `open_url`
---@async
function archive.open_legacy_url(url, opts) end

---@class engine.archive.NewEntry
---@field path string
---@field data? string the content itself
---@field file? string a file to take the content from; neither: an empty directory

---@class engine.archive.WriteOptions
---@field output string appears only when complete
---@field base? engine.archive.Package whose content is taken, verified on the way
---@field remove? string[] paths of `base` that are not
---@field entries engine.archive.NewEntry[] replace what has the same path in `base`
---@field threads? integer default: one per processor
---@field progress? fun(done: integer, total: integer) as in VerifyOptions

--- Writes a package that is not signed yet: no reader takes it before `seal`. *async*
---@param opts engine.archive.WriteOptions
---@return engine.archive.Commitment? commitment
---@return engine.Error? err `pack`, `filesystem`, `not_found`, `validate_s9pk`, `cancelled`
---@async
function archive.write(opts) end

--- Puts a signature made elsewhere into a package file that was left unsigned. What is signed are
--- 40 bytes: the root hash and, big-endian, rootMaxsize in 8; the context is "s9pk". *async*
---@param path string
---@param signer string public key, PEM
---@param signature string PEM
---@return true? ok
---@return engine.Error? err `invalid_signature`, `pem`, `filesystem`, `parse_s9pk`
---@async
function archive.seal(path, signer, signature) end

--- Whether a table can be the manifest of a package.
---@param manifest table
---@return true? ok
---@return engine.Error? err `validate_s9pk` naming the field
function archive.check_manifest(manifest) end

--- Whether a file of this name can be an icon: "icon." and an extension of images, in small letters.
---@param name string
---@return boolean
function archive.is_icon(name) end

--- Whether a regular expression of a device filter is found anywhere in a text. RE2's syntax; takes
--- time in proportion to the text, whatever the expression is.
---@param pattern string
---@param text string
---@return boolean? found
---@return engine.Error? err `invalid_params` for what is no regular expression
function archive.search(pattern, text) end

return archive
