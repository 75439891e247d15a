#pragma once

#include "base/result.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace engine::lxc {

/// One file or directory tree of the host, and where it goes in the image.
struct ImageFile {
  std::filesystem::path source;
  std::filesystem::path target;  ///< relative to the image's root
  bool executable = false;       ///< else mode as 0644 (directories 0755)
};

/// What a base image is made of: busybox with its applets, our runtime, scripts.
struct BaseImageInputs {
  std::filesystem::path busybox = "/bin/busybox";  ///< static
  std::filesystem::path runtime;                   ///< static moon-container
  std::vector<ImageFile> files;                    ///< scripts, package.lua, …
};

struct BaseImage {
  std::filesystem::path file;  ///< DIRECTORY/base-KEY.squashfs
  std::string key;             ///< names the content
  bool built = false;          ///< false: it was there already
};

/// Makes the squashfs every container boots from, unless one of the same inputs is there. The same
/// inputs give the same bytes. Interrupted, it leaves nothing under the final name. Needs
/// mksquashfs. Blocking, about 0.2 s when it has to build; any thread.
/// ERRORS: Errc::not_found for a missing input or program; Errc::filesystem.
Result<BaseImage> build_base_image(const std::filesystem::path& directory,
                                   const BaseImageInputs& inputs);

}  // namespace engine::lxc
