#pragma once

#include "base/result.hh"

// Its checking macros would stand in the way of calls through pointers.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

namespace engine::fetch {

/// What this room uses of libcurl. The library and the thirty it brings along are loaded at first
/// use: linking it would cost every command of the CLI several milliseconds. Private to this room.
struct CurlLibrary {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;

  /// ERRORS: Errc::network when libcurl is not installed.
  static Result<const CurlLibrary*> load();
};

}  // namespace engine::fetch
