--- Writes packages: under another name, signed and checked, and only then in their place.
local archive = require('engine.archive')
local file = require('engine.file')
local signer = require('core.s9pk.signer')

---@class core.s9pk.Writing
---@field signer core.s9pk.Signer
---@field output string
---@field entries engine.archive.NewEntry[]
---@field base? engine.archive.Package What is written is this one, with `entries` and without
---@field remove? string[] Paths in `base`
---@field partial? boolean It may lack what a package needs; it is not verified then
---@field bar fun(title: string): function? Gives what shows long work

--- What verifying a whole package tells; nothing is asked of a partial one.
local function check(job, path)
  if job.partial then return {} end
  local package, err = archive.open(path)
  if not package then return nil, err end
  local report, wrong = package:verify({ level = 'package', progress = job.bar('verifying') })
  package:close()
  return report, wrong
end

--- Writes, signs and checks a package; nothing is left in place that would not be accepted at an
--- install. *async*
---@param job core.s9pk.Writing
---@return {commitment: engine.archive.Commitment, report: engine.archive.Report}? written
---@return engine.Error? err
---@async
return function(job)
  local temporary = job.output .. '.tmp'
  local commitment, err = signer.write(job.signer, { output = temporary, base = job.base,
    entries = job.entries, remove = job.remove, progress = job.bar('writing') })
  if not commitment then return nil, err end
  local report, wrong = check(job, temporary)
  if report then
    local fine, failure = file.rename(temporary, job.output)
    if fine then return { commitment = commitment, report = report } end
    wrong = failure
  end
  file.discard(temporary)
  return nil, wrong
end
