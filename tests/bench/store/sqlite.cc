// A durable change in SQLite (WAL, full sync): the same two writes as the other rows, each in a
// transaction of its own. Writers of one database take turns, so that 64 are not faster than one.
//   sqlite_bench DIR SECONDS      prints changes per second
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

void run(sqlite3* db, const char* sql) {
  char* error = nullptr;
  if (sqlite3_exec(db, sql, nullptr, nullptr, &error) == SQLITE_OK) return;
  std::fprintf(stderr, "sqlite_bench: %s\n", error);
  std::exit(1);
}

sqlite3_stmt* prepared(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) != SQLITE_OK) std::exit(1);
  return statement;
}

void put(sqlite3_stmt* statement, std::int64_t key, const std::string& value) {
  sqlite3_bind_text(statement, 1, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
  sqlite3_bind_int64(statement, 2, key);
  if (sqlite3_step(statement) != SQLITE_DONE) std::exit(1);
  sqlite3_reset(statement);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  sqlite3* db = nullptr;
  if (sqlite3_open((std::string(argv[1]) + "/sqlite.db").c_str(), &db) != SQLITE_OK) return 1;
  run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
  run(db, "CREATE TABLE docs(id INTEGER PRIMARY KEY, v TEXT)");
  run(db, "CREATE TABLE log(revision INTEGER PRIMARY KEY, v TEXT)");
  run(db,
      "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM c WHERE i<999) "
      "INSERT INTO docs SELECT i,'x' FROM c");
  sqlite3_stmt* update = prepared(db, "UPDATE docs SET v=?1 WHERE id=?2");
  sqlite3_stmt* append = prepared(db, "INSERT INTO log VALUES(?2,?1)");
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const std::chrono::duration<double> wanted(std::atof(argv[2]));
  std::int64_t revision = 0;
  while (Clock::now() - begin < wanted) {
    ++revision;
    std::string value = std::to_string(revision);
    value.insert(0, 120 - value.size(), '0');
    run(db, "BEGIN IMMEDIATE");
    put(update, revision * 7919 % 1000, value);
    put(append, revision, value);
    run(db, "COMMIT");
  }
  const std::chrono::duration<double> took = Clock::now() - begin;
  std::printf("%.1f\n", static_cast<double>(revision) / took.count());
  return 0;
}
