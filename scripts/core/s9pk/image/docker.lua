--- Images that docker or podman pulls or builds: the `docker` of a recipe, and what a manifest may
--- say of its images' sources.
local crypto = require('engine.crypto')
local errc = require('engine.errc')
local names = require('lib.names')
local oci = require('core.s9pk.image.oci')
local process = require('engine.process')
local tool = require('core.s9pk.image.tool')

local M = {}

local PROGRAMS = { 'docker', 'podman' }

--- The first of the programs that `word` succeeds with. *async*
local function program_with(word)
  for _, name in ipairs(PROGRAMS) do
    local done = process.run({ name, word }, { env = tool.environment() })
    if done and done.code == 0 then return name end
  end
  return nil
end

--- The one to use: docker answers `version` only where its daemon runs; where none answers, the
--- one that is there says why. *async*
local function find_program()
  local name = program_with('version') or program_with('--version')
  if name then return name end
  return nil, errc.new('pack', 'images are pulled and built by docker or podman; neither is here',
    { hint = 'apt-get install podman, or save the image elsewhere and name the file' })
end

--- What a variable of a build is: a text, or {env = NAME} for one of the packer's own.
local function argument(name, value)
  if type(value) == 'string' then return value end
  local text = os.getenv(value.env)
  if text then return text end
  return nil, errc.new('pack',
    ('the build argument %s is to be %s, which is not set'):format(name, value.env))
end

local function build(program, docker, job)
  local tag = ('localhost/moonbox-pack-%s'):format(crypto.guid():lower())
  local argv = { program, 'build', '--quiet', '--platform', oci.platform(job.arch), '--tag', tag,
    '--build-arg', 'ARCH=' .. job.arch }
  for _, name in ipairs(names.sorted_keys(docker.args or {})) do
    local value, err = argument(name, docker.args[name])
    if not value then return nil, err end
    argv[#argv + 1] = '--build-arg'
    argv[#argv + 1] = ('%s=%s'):format(name, value)
  end
  if docker.dockerfile then
    argv[#argv + 1] = '--file'
    argv[#argv + 1] = tool.in_package(job.directory, docker.dockerfile)
  end
  argv[#argv + 1] = tool.in_package(job.directory, docker.build)
  local fine, err = tool.run('building the image ' .. job.id, argv)
  if not fine then return nil, err end
  return tag
end

--- An image that is here already, one just built for instance, need not be anywhere else.
local function pull(program, tag, arch)
  local fine, err = tool.run('pulling ' .. tag,
    { program, 'pull', '--quiet', '--platform', oci.platform(arch), tag })
  if fine or tool.run('looking for ' .. tag, { program, 'image', 'inspect', tag }) then
    return tag
  end
  return nil, err
end

--- Makes the root of an image. *async*
---@param docker {tag: string?, build: string?, dockerfile: string?, args: table?}
---@param job core.s9pk.image.Job
---@return core.s9pk.image.Defaults? defaults
---@return engine.Error? err `pack`
---@async
function M.make(docker, job)
  local program, err = find_program()
  if not program then return nil, err end
  local tag, wrong
  if docker.tag then
    tag, wrong = pull(program, docker.tag, job.arch)
  else
    tag, wrong = build(program, docker, job)
  end
  if not tag then return nil, wrong end
  local saved = job.root .. '-saved.tar'
  local fine, failure = tool.run('saving ' .. tag, { program, 'save', '--output', saved, tag })
  if docker.build then
    tool.run('forgetting ' .. tag, { program, 'image', 'rm', '--force', tag })
  end
  if not fine then return nil, failure end
  return oci.unpack(saved, 'docker-archive', nil, job, tag)
end

return M
