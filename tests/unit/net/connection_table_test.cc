#include "net/connection_table.hh"

#include <catch2/catch.hpp>

using engine::net::ConnectionTable;

TEST_CASE("net/connection_table: values live as long as their connection", "[net]") {
  ConnectionTable table;
  CHECK_FALSE(table.put(7, "login", "1"));
  table.add({.id = 7, .transport = "tls", .address = "127.0.0.1:4711"}, {});
  CHECK(table.put(7, "login", "1"));
  CHECK(table.get(7, "login") == "1");
  CHECK(table.put(7, "login", "2"));
  CHECK(table.get(7, "login") == "2");
  CHECK_FALSE(table.get(7, "other"));
  CHECK(table.put(7, "login", std::nullopt));
  CHECK_FALSE(table.get(7, "login"));
  CHECK(table.put(7, "login", "3"));
  table.remove(7);
  CHECK_FALSE(table.get(7, "login"));
  table.add({.id = 7, .transport = "tls"}, {});
  CHECK_FALSE(table.get(7, "login"));
}

TEST_CASE("net/connection_table: lists and closes what is there", "[net]") {
  ConnectionTable table;
  int closed = 0;
  table.add({.id = 9, .transport = "unix", .uid = 1000}, [&closed] { ++closed; });
  table.add({.id = 3, .transport = "http", .address = "127.0.0.1:1"}, {});
  const auto all = table.list();
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == 3);
  CHECK(all[0].address == "127.0.0.1:1");
  CHECK(all[1].uid == 1000U);
  CHECK(table.close(9));
  CHECK(table.close(3));
  CHECK_FALSE(table.close(4));
  CHECK(closed == 1);
  table.remove(9);
  CHECK_FALSE(table.close(9));
  CHECK(closed == 1);
}
