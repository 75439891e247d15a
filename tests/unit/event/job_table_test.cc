#include "event/job_table.hh"

#include "json/reader.hh"

#include <catch2/catch.hpp>

#include <thread>

using engine::Errc;
using engine::Error;
using engine::event::Job;
using engine::event::JobRecords;
using engine::event::JobSnapshot;
using engine::event::JobState;
using engine::event::JobTable;
using engine::event::RecordPtr;
using engine::event::Ring;

TEST_CASE("event/job_table: a job from begin to end, every change an event") {
  Ring ring;
  JobTable table(ring);
  Job job = table.create("package.install", "hello", "Installing");
  CHECK(job.id().size() == 32);
  job.progress(R"({"overall":{"done":1,"total":2,"units":null},"phases":[]})");
  job.finish(R"({"ok":true})");
  job.fail(Error{.code = Errc::internal, .message = "too late"});
  job.progress("true");
  std::vector<std::string> states;
  for (const RecordPtr& record : ring.last({.types = {"job"}, .packages = {"hello"}}, 10).records) {
    const auto event = *engine::json::parse(record->text());
    states.push_back(event.find("data")->string_or("state", ""));
    CHECK(event.find("data")->string_or("id", "") == record->event().job);
    CHECK(record->event().terminal == (states.back() == "succeeded"));
  }
  CHECK(states == std::vector<std::string>{"running", "running", "succeeded"});

  const JobSnapshot snapshot = *table.get(job.id());
  CHECK(snapshot.state == JobState::succeeded);
  const auto value = *engine::json::parse(snapshot.to_json());
  CHECK(value.string_or("title", "") == "Installing");
  CHECK(value.find("result")->boolean_or("ok", false));
  CHECK(value.find("error")->is_null());
  CHECK(value.find("progress")->is_object());
}

TEST_CASE("event/job_table: progress is published at a bounded rate, the end always") {
  Ring ring;
  JobTable table(ring);
  Job job = table.create("k");
  for (int i = 0; i < 10'000; ++i)
    job.progress(std::to_string(i));
  CHECK(ring.last_seq() < 100);
  CHECK(table.get(job.id())->progress == "9999");
  const auto before = ring.last_seq();
  job.finish();
  CHECK(ring.last_seq() == before + 1);
}

TEST_CASE("event/job_table: a job that is let go fails as cancelled") {
  Ring ring;
  JobTable table(ring);
  std::string id;
  {
    const Job job = table.create("k");
    id = job.id();
  }
  const auto snapshot = *table.get(id);
  CHECK(snapshot.state == JobState::cancelled);
  CHECK(snapshot.error->code == Errc::cancelled);
}

TEST_CASE("event/job_table: waiters hear the end once, also when they come late") {
  Ring ring;
  JobTable table(ring);
  Job job = table.create("k");
  int heard = 0;
  const auto count = [&](const JobSnapshot& snapshot) {
    CHECK(snapshot.state == JobState::failed);
    ++heard;
  };
  REQUIRE(table.wait(job.id(), count));
  const auto forgotten = *table.wait(job.id(), count);
  table.forget(job.id(), forgotten);
  CHECK(heard == 0);
  job.fail(Error{.code = Errc::filesystem, .message = "m", .hint = "h", .info = "{}"});
  CHECK(heard == 1);
  REQUIRE(table.wait(job.id(), count));
  CHECK(heard == 2);
  CHECK(table.wait("nope", count).error().code == Errc::not_found);
  CHECK(engine::json::parse(table.get(job.id())->to_json()));
}

TEST_CASE("event/job_table: cancelling asks, the job decides") {
  Ring ring;
  JobTable table(ring);
  Job job = table.create("k");
  int hooks = 0;
  job.on_cancel([&] { ++hooks; });
  CHECK_FALSE(job.cancelled());
  REQUIRE(table.cancel(job.id()));
  REQUIRE(table.cancel(job.id()));
  CHECK(hooks == 1);
  CHECK(job.cancelled());
  job.on_cancel([&] { ++hooks; });
  CHECK(hooks == 2);
  CHECK(table.get(job.id())->is_running());
  job.fail(Error{.code = Errc::cancelled, .message = "as you wish"});
  CHECK(table.get(job.id())->state == JobState::cancelled);
  CHECK(table.cancel(job.id()));
  CHECK(table.cancel("nope").error().code == Errc::not_found);
}

TEST_CASE("event/job_table: keeps what runs and the last that ended") {
  Ring ring;
  JobTable table(ring, 2);
  const Job running = table.create("running");
  for (int i = 0; i < 5; ++i)
    table.create(std::to_string(i)).finish();
  std::vector<std::string> kinds;
  for (const JobSnapshot& job : table.list())
    kinds.push_back(job.kind);
  CHECK(kinds == std::vector<std::string>{"running", "3", "4"});
}

TEST_CASE("event/job_table: many threads at once") {
  Ring ring;
  JobTable table(ring);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        Job job = table.create("k");
        job.progress("1");
        (void)table.cancel(job.id());
        (void)table.list();
        job.finish();
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(table.list().size() == JobTable::kHistory);
}

namespace {

/// Records that answer when they are told to.
struct FakeRecords final : JobRecords {
  void begin(const JobSnapshot& job, Written to) override {
    begun.push_back(job.id);
    written = std::move(to);
  }
  void end(std::string_view id) override { ended.emplace_back(id); }

  std::vector<std::string> begun;
  std::vector<std::string> ended;
  Written written;
};

}  // namespace

TEST_CASE("event/job_table: a job begins when it is written down, and not without") {
  Ring ring;
  JobTable table(ring);
  FakeRecords records;
  table.keep_in(&records);
  std::vector<std::unique_ptr<Job>> jobs;
  std::optional<Errc> refused;
  const auto take = [&](engine::Result<Job> begun) {
    if (!begun) {
      refused = begun.error().code;
    } else {
      jobs.push_back(std::make_unique<Job>(std::move(*begun)));
    }
  };
  table.begin("k", "t", "T", take);
  CHECK(jobs.empty());
  CHECK(table.list().empty());
  records.written({});
  REQUIRE(jobs.size() == 1);
  CHECK(records.begun == std::vector{jobs[0]->id()});
  CHECK(table.get(jobs[0]->id())->target == "t");
  CHECK(records.ended.empty());
  jobs[0]->finish();
  jobs[0]->finish();
  CHECK(records.ended == records.begun);

  table.begin("k", "", "", take);
  records.written(engine::fail(Errc::no_space, "full"));
  CHECK(refused == Errc::no_space);
  CHECK(table.list().size() == 1);

  // What runs when the records are taken away stays written down.
  table.begin("k", "", "", take);
  records.written({});
  table.keep_in(nullptr);
  jobs.clear();
  CHECK(records.ended.size() == 1);
  table.begin("k", "", "", take);
  CHECK(jobs.size() == 1);
  CHECK(records.begun.size() == 3);
}

TEST_CASE("event/job_table: a job of an earlier life is known, and told when asked for") {
  Ring ring;
  JobTable table(ring, 2);
  for (const char* id : {"a", "b", "c"})
    table.restore({.id = id,
                   .kind = "k",
                   .target = {},
                   .title = {},
                   .state = JobState::failed,
                   .error = Error{.code = Errc::daemon_restarted, .message = "m"}});
  CHECK(ring.last_seq() == 0);
  CHECK_FALSE(table.get("a"));
  CHECK(table.list().size() == 2);
  bool told = false;
  CHECK(table.wait(
      "b", [&](const JobSnapshot& job) { told = job.error->code == Errc::daemon_restarted; }));
  CHECK(told);
  table.announce("b");
  table.announce("nobody");
  CHECK(ring.last_seq() == 1);
}
