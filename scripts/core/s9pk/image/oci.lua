--- Images as other tools write them: `docker save`, `skopeo copy`, an OCI layout folder.
---
--- skopeo reads them all and chooses the architecture; umoci applies the layers, with their
--- deletions, and keeps links of one layer from leading the next one out of the root.
local errc = require('engine.errc')
local json = require('engine.json')
local tool = require('core.s9pk.image.tool')

local M = {}

-- Architectures as packages spell them, and as OCI does.
local OCI_ARCH = { x86_64 = 'amd64', aarch64 = 'arm64', riscv64 = 'riscv64' }

--- The architectures packages have images for.
M.ARCHS = { 'x86_64', 'aarch64', 'riscv64' }

local SKOPEO = { package = 'skopeo' }

--- A platform as tools of containers name it.
---@param arch string
---@return string
function M.platform(arch) return 'linux/' .. OCI_ARCH[arch] end

---@alias core.s9pk.image.OciKind 'docker-archive'|'oci-archive'|'oci'

--- Copies the image into a layout of its own, whose only tag is `image`. *async*
local function copy(source, kind, tag, arch, layout, work)
  local from = ('%s:%s%s'):format(kind, source, tag and ':' .. tag or '')
  return tool.run('reading ' .. source, { 'skopeo', '--insecure-policy', '--tmpdir', work,
    '--override-os', 'linux', '--override-arch', OCI_ARCH[arch], 'copy', '--quiet', from,
    ('oci:%s:image'):format(layout) }, SKOPEO)
end

local function read_config(layout, source, arch)
  local text, err = tool.run('reading ' .. source,
    { 'skopeo', 'inspect', '--config', '--raw', ('oci:%s:image'):format(layout) }, SKOPEO)
  if not text then return nil, err end
  local config, wrong = json.decode(text)
  if not config then return nil, wrong end
  if config.architecture == OCI_ARCH[arch] then return config.config or {} end
  return nil, errc.new('pack', ('%s is an image for %s; this package is for %s'):format(source,
    tostring(config.architecture), OCI_ARCH[arch]),
    { hint = 'save it with --platform ' .. M.platform(arch) })
end

local function unpack_layers(layout, root, source)
  local argv = { 'umoci', 'raw', 'unpack', '--keep-dirlinks', '--image', layout .. ':image' }
  if not tool.is_root() then argv[#argv + 1] = '--rootless' end
  argv[#argv + 1] = root
  return tool.run('unpacking ' .. source, argv, { package = 'umoci' })
end

local function given(list)
  if type(list) == 'table' and #list > 0 then return list end
end

local function text_or_nil(text)
  if type(text) == 'string' and text ~= '' then return text end
end

--- What the image says about its program, in the words of a recipe.
local function defaults(config)
  local env = {}
  for _, line in ipairs(given(config.Env) or {}) do
    local name, value = line:match('^([^=]+)=(.*)$')
    if name then env[name] = value end
  end
  return { env = env, workdir = text_or_nil(config.WorkingDir), user = text_or_nil(config.User),
    entrypoint = given(config.Entrypoint), cmd = given(config.Cmd) }
end

---@class core.s9pk.image.Defaults What the source of a root says of itself
---@field env? table<string, string>
---@field workdir? string
---@field user? string
---@field entrypoint? string[]
---@field cmd? string[]

--- Unpacks an image. *async*
---@param source string File or folder
---@param kind core.s9pk.image.OciKind
---@param tag? string Which one, where there are several
---@param job core.s9pk.image.Job
---@param name? string Stands for the file in messages
---@return core.s9pk.image.Defaults? defaults
---@return engine.Error? err `pack`
---@async
function M.unpack(source, kind, tag, job, name)
  local layout = job.root .. '-layout'
  local fine, err = copy(source, kind, tag, job.arch, layout, job.work)
  if not fine then return nil, err end
  local config, wrong = read_config(layout, name or source, job.arch)
  if not config then return nil, wrong end
  fine, err = unpack_layers(layout, job.root, source)
  if not fine then return nil, err end
  return defaults(config)
end

return M
