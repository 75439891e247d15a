#pragma once

#include <string_view>

namespace engine::app {

/// Header lines of every answer that is data: no browser shall guess that it is a page.
inline constexpr std::string_view kNoSniff = "X-Content-Type-Options: nosniff\r\n";
/// The same for answers that are for one caller at one time: nobody in between shall keep them.
inline constexpr std::string_view kApiHeaders =
    "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";

}  // namespace engine::app
