#pragma once

#include "base/result.hh"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace engine::ns {

/// Who a process in an image runs as. Value type.
struct UserIdentity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< supplementary
  std::string name;           ///< empty when the image does not name the id
  std::string home = "/";
};

/// Finds `user` ("name", "uid", "user:group", with names or numbers; empty: root) in the
/// etc/passwd and etc/group of the image opened at `root`. A number needs no entry, nor does root.
/// ERRORS: Errc::not_found naming the user or group.
Result<UserIdentity> find_user(int root, std::string_view user);

}  // namespace engine::ns
