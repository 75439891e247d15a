#include "app/daemon/failure_table.hh"
#include "app/daemon/metrics.hh"

#include <catch2/catch.hpp>

#include <thread>

namespace engine::app {

TEST_CASE("app/metrics: calls of all threads are added up, by method, kind and latency", "[app]") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics] {
      const Errc kind = Errc::not_found;
      Metrics::Counters& echo = metrics.counters("echo");
      for (int call = 0; call < 1'000; ++call)
        Metrics::count(echo, std::chrono::microseconds(200), call % 10 == 0 ? &kind : nullptr);
      Metrics::count(metrics.counters("db.put"), std::chrono::seconds(60), nullptr);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(Metrics::method_of(metrics.counters("echo")) == "echo");
  CHECK(&metrics.counters("echo") == &metrics.counters("echo"));
  const auto rows = metrics.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows.at("echo").calls == 4'000);
  CHECK(rows.at("echo").errors.at("not_found") == 400);
  CHECK(rows.at("echo").buckets[1] == 4'000);
  CHECK(rows.at("db.put").buckets.back() == 4);
  std::string text;
  metrics.write(text);
  for (const char* line : {"moonbox_calls_total{method=\"echo\"} 4000\n",
                           "moonbox_call_errors_total{method=\"echo\",kind=\"not_found\"} 400\n",
                           "moonbox_call_seconds_bucket{method=\"echo\",le=\"0.0001\"} 0\n",
                           "moonbox_call_seconds_bucket{method=\"echo\",le=\"0.00025\"} 4000\n",
                           "moonbox_call_seconds_bucket{method=\"db.put\",le=\"+Inf\"} 4\n",
                           "moonbox_call_seconds_count{method=\"echo\"} 4000\n"}) {
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(label_value("a\"b\\c\nd") == R"(a\"b\\c\nd)");
}

TEST_CASE("app/failure_table: a handler's failures are counted until its file changes", "[app]") {
  FailureTable table;
  const Error raised{.code = Errc::script,
                     .message = "core/echo.lua:4: no luck",
                     .debug = "core/echo.lua:4: in function 'echo'\n  > error('no luck')"};
  const Error told = table.record("echo", raised);
  CHECK(told.code == Errc::script);
  CHECK(told.message.find("no luck") == std::string::npos);
  CHECK(told.debug.empty());
  table.record("echo", raised);
  table.record("db.put", {.code = Errc::script, .message = "core/db.lua:9: other"});
  const json::Value all = table.summary();
  CHECK(all.find("echo")->integer_or("count", 0) == 2);
  CHECK(all.find("echo")->string_or("file", "") == "core/echo.lua");
  CHECK(all.find("echo")->integer_or("line", 0) == 4);
  CHECK(all.find("db.put")->integer_or("line", 0) == 9);
  table.forget({"core/echo.lua"});
  CHECK(table.summary().find("echo") == nullptr);
  CHECK(table.summary().find("db.put") != nullptr);
  CHECK_FALSE(find_place("no place at all"));
}

}  // namespace engine::app
