#include "fetch/transfer.hh"

#include <catch2/catch.hpp>

using namespace engine;

TEST_CASE("fetch/transfer: a URL is shown without name and password", "[fetch]") {
  CHECK(fetch::shown_url("https://host/a") == "https://host/a");
  CHECK(fetch::shown_url("https://me:secret@host:8/a?b#c") == "https://***@host:8/a?b#c");
  CHECK(fetch::shown_url("http://me:p@ss@host") == "http://***@host");
  CHECK(fetch::shown_url("http://host/~me@home") == "http://host/~me@home");
  CHECK(fetch::shown_url("http://host?mail=a@b") == "http://host?mail=a@b");
  CHECK(fetch::shown_url("me@host") == "me@host");
  CHECK(fetch::shown_url("").empty());
}

TEST_CASE("fetch/transfer: what is no address fails at once", "[fetch]") {
  auto pool = fetch::ConnectionPool::make().value();
  for (const char* url : {"", "ftp://127.0.0.1/x", "http://"}) {
    const auto transfer = fetch::Transfer::start(pool, {.url = url}, {}).value();
    CHECK(transfer->head().error().code == Errc::parse_url);
  }
}
