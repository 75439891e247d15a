#include "fetch/curl_library.hh"

#include "base/dynamic_library.hh"

namespace engine::fetch {
namespace {

Error not_installed(const std::string& why) {
  return Error{.code = Errc::network,
               .message = "packages cannot be read from URLs here: " + why,
               .hint = "apt-get install libcurl4"};
}

Result<CurlLibrary> load_now() {
  DynamicLibrary library("libcurl.so.4");
  CurlLibrary curl;
  library.find(curl.global_init, "curl_global_init");
  library.find(curl.easy_init, "curl_easy_init");
  library.find(curl.easy_setopt, "curl_easy_setopt");
  library.find(curl.easy_cleanup, "curl_easy_cleanup");
  library.find(curl.easy_strerror, "curl_easy_strerror");
  library.find(curl.slist_append, "curl_slist_append");
  library.find(curl.slist_free_all, "curl_slist_free_all");
  library.find(curl.multi_init, "curl_multi_init");
  library.find(curl.multi_cleanup, "curl_multi_cleanup");
  library.find(curl.multi_add_handle, "curl_multi_add_handle");
  library.find(curl.multi_remove_handle, "curl_multi_remove_handle");
  library.find(curl.multi_perform, "curl_multi_perform");
  library.find(curl.multi_poll, "curl_multi_poll");
  library.find(curl.multi_info_read, "curl_multi_info_read");
  if (!library.problem().empty()) return fail(not_installed(library.problem()));
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(not_installed("libcurl does not start"));
  }
  return curl;
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::load() {
  static const Result<CurlLibrary> library = load_now();
  if (!library) return fail(library.error());
  return &*library;
}

}  // namespace engine::fetch
