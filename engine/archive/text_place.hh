#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace engine::archive {

/// A byte of a text as people look for it: "line 3, column 14 (byte 233)". Lines and columns count
/// from 1, columns in bytes; bytes from 0.
std::string show_place(std::string_view text, std::size_t offset);

/// Where in a JSON text the value of a field begins, such as "images.main.arch[0]". If there is no
/// such field, where the innermost object or array begins that would hold it.
std::size_t locate_field(std::string_view text, std::string_view field);

}  // namespace engine::archive
