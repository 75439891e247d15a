--- Containers: base image, bridge, life, mounts, figures. In the daemon only; needs root.
---
--- Every function runs on the offload pool and yields. Nothing is kept between calls: the same
--- spec starts, adopts and tears down a container, also after a restart of the daemon.
---@meta engine.lxc
local lxc = {}

---@class engine.lxc.Spec
---@field name string letters, digits, `-`, `_`, `.`; unique on the machine
---@field hostname? string default: the name
---@field base_image string absolute; from `build_base_image`
---@field run_dir string absolute and short; `root` (mount point) and `rpc` (sockets) appear in it.
--- Everybody must be able to enter the directories above it (mode o+x)
---@field state_dir string absolute, on disk; changes of the container's files, wiped at each start
---@field logs_dir? string gets `console.log` (PID 1's output), `lxc.log`, and `service/`, which the
--- container sees as /media/startos/logs and may write to
---@field id_base? integer first of 65536 host ids (default 100000)
---@field bridge? string
---@field veth? string the host's end, at most 15 characters; absent: no network
---@field address? string `10.83.12.3`, or with a prefix length (default 24)
---@field gateway? string
---@field memory_limit? integer bytes; 0 or absent: none
---@field pids_limit? integer
---@field environment? string[] K=V
---@field init? string[] argv of PID 1, words without blanks (default /usr/bin/moon-container)
---@field unpack? boolean unpack images even where the kernel can mount them idmapped
---@field lxcpath? string default /run/moonbox/lxc
---@field cgroup_slice? string default `moonbox`
---@field start_helper? string[] for tests: the program that starts the container

--- A squashfs: the path of a file, or a region of one. `key` names the content (a hash) where it
--- must be unpacked; default: the file's name.
---@alias engine.lxc.Image string|{ file: string, offset?: integer, size?: integer, key?: string }

---@class engine.lxc.Problem
---@field what string
---@field remedy string
---@field fatal boolean false: containers work, but weaker

---@class engine.lxc.Probe
---@field works boolean
---@field lxc_version string
---@field kernel string
---@field cgroup_layout 'v1'|'v2'|'none' v1 includes hybrid
---@field memory_controller boolean
---@field pids_controller boolean
---@field cgroup_kill boolean
---@field apparmor boolean
---@field seccomp boolean
---@field squashfs_idmap boolean false: images are unpacked (or no image was given to try)
---@field problems engine.lxc.Problem[]

--- What this host offers. *async*
---@param image? string a squashfs to try an idmapped mount with
---@return engine.lxc.Probe? probe
---@return engine.Error? err
---@async
function lxc.probe(image) end

---@class engine.lxc.BaseImageOptions
---@field directory string absolute; where images are kept
---@field moon_container string the static program
---@field scripts? string folder whose `lib` and `runtime` go in
---@field manifest? string file that becomes package.lua beside them
---@field busybox? string default /bin/busybox

--- Makes the image containers boot from, unless one of the same inputs is there. *async*
---@param opts engine.lxc.BaseImageOptions
---@return { path: string, key: string, fresh: boolean }? image
---@return engine.Error? err `not_found`, `filesystem`
---@async
function lxc.build_base_image(opts) end

--- Makes the bridge unless it is there. Without `subnet`, or when something else on the host uses
--- that one meanwhile, a free /24 is sought: keep the answer. *async*
---@param opts { name: string, subnet?: string }
---@return { name: string, subnet: string, gateway: string }? bridge
---@return engine.Error? err `network`, `duplicate`, `invalid_params`
---@async
function lxc.ensure_bridge(opts) end

--- *async*
---@param name string a missing one is success
---@return true? ok
---@return engine.Error? err
---@async
function lxc.delete_bridge(name) end

--- Builds the root and starts PID 1; limits are read back from the kernel. What a killed run left
--- is removed first. *async*
---@param spec engine.lxc.Spec
---@return { pid: integer }? running
---@return engine.Error? err `conflict` if it runs, `lxc`, `invalid_params`, `permission_denied`
---@async
function lxc.start(spec) end

--- Takes over a running container. *async*
---@param spec engine.lxc.Spec
---@return { pid: integer }? running
---@return engine.Error? err `not_found` if it does not run, `conflict` if it does not fit the spec
---@async
function lxc.adopt(spec) end

--- SIGTERM, SIGKILL after the timeout, then waits until name, network and cgroups are free. *async*
---@param name string
---@param opts? { timeout?: number, lxcpath?: string } seconds (default 30)
---@return true? ok also when it does not run
---@return engine.Error? err `timeout`
---@async
function lxc.stop(name, opts) end

--- Makes it as if the container had never been. Only name, run_dir, state_dir, veth, lxcpath and
--- cgroup_slice of the spec are used. *async*
---@param spec engine.lxc.Spec
---@param opts? { timeout?: number } seconds PID 1 gets to end by itself (default 0)
---@return true? ok
---@return engine.Error? err the first failure; the rest was done all the same
---@async
function lxc.teardown(spec, opts) end

--- *async*
---@param name string
---@param opts? { lxcpath?: string }
---@return 'stopped'|'starting'|'running'|'stopping'|'aborting'|'frozen'|'thawed'? state
---@return engine.Error? err
---@async
function lxc.state(name, opts) end

--- Names of running containers, whoever started them. *async*
---@param opts? { lxcpath?: string }
---@return string[]? names
---@return engine.Error? err
---@async
function lxc.list(opts) end

--- Yields until PID 1 has ended; at once if it does not run. Cancellable. *async*
---@param name string
---@param opts? { lxcpath?: string }
---@return true? ok
---@return engine.Error? err `cancelled`
---@async
function lxc.wait_exit(name, opts) end

--- Mounts at /usr/lib/startos/package, read-only. Mounts may be made before or after the start of
--- PID 1; a place that is mounted already gives `duplicate`. *async*
---@param spec engine.lxc.Spec
---@param image engine.lxc.Image
---@return true? ok
---@return engine.Error? err `duplicate`, `disk_corrupted`, `not_found`
---@async
function lxc.mount_package(spec, image) end

--- Mounts at /media/startos/assets, read-only. *async*
---@param spec engine.lxc.Spec
---@param image engine.lxc.Image
---@return true? ok
---@return engine.Error? err as for `mount_package`
---@async
function lxc.mount_assets(spec, image) end

--- Mounts at /media/startos/images/ID, read-only, with the texts ID.env and ID.json beside it.
--- *async*
---@param spec engine.lxc.Spec
---@param id string
---@param image engine.lxc.Image
---@param texts? { env?: string, json?: string }
---@return true? ok
---@return engine.Error? err as for `mount_package`
---@async
function lxc.mount_image(spec, id, image, texts) end

--- Binds a directory of the host at /media/startos/volumes/ID. *async*
---@param spec engine.lxc.Spec
---@param id string
---@param directory string
---@param opts? { readonly?: boolean }
---@return true? ok
---@return engine.Error? err `duplicate`, `not_found`, `block_device`
---@async
function lxc.mount_volume(spec, id, directory, opts) end

--- Binds a directory of the host at /media/startos/backup. *async*
---@param spec engine.lxc.Spec
---@param directory string
---@param opts? { readonly?: boolean }
---@return true? ok
---@return engine.Error? err as for `mount_volume`
---@async
function lxc.mount_backup(spec, directory, opts) end

--- *async*
---@param spec engine.lxc.Spec
---@return true? ok also when nothing is mounted
---@return engine.Error? err
---@async
function lxc.unmount_backup(spec) end

--- Writes a small file into the container, owned by its root. *async*
---@param spec engine.lxc.Spec
---@param target string path inside
---@param content string
---@return true? ok
---@return engine.Error? err `permission_denied` if a link is in the way
---@async
function lxc.write_file(spec, target, content) end

--- Makes a writable root over a mounted image: effect `subcontainer.create-fs`. *async*
---@param spec engine.lxc.Spec
---@param image string id of `mount_image`
---@param guid string
---@return string? path as the container sees it
---@return engine.Error? err `not_found`, `invalid_params`
---@async
function lxc.create_fs(spec, image, guid) end

--- *async*
---@param spec engine.lxc.Spec
---@param guid string
---@return true? ok also when there is none
---@return engine.Error? err
---@async
function lxc.destroy_fs(spec, guid) end

---@class engine.lxc.Stats
---@field memory_limit? integer bytes, as the kernel holds it
---@field pids_limit? integer
---@field memory? integer bytes
---@field memory_peak? integer
---@field pids? integer
---@field cpu_microseconds? integer
---@field oom_kills integer
---@field init_pss integer bytes of PID 1, shared pages divided
---@field init_rss integer

--- *async*
---@param name string
---@param opts? { lxcpath?: string }
---@return engine.lxc.Stats? stats
---@return engine.Error? err `not_found` if it does not run
---@async
function lxc.stats(name, opts) end

return lxc
