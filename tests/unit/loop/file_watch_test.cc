#include "loop/file_watch.hh"

#include "run_until.hh"
#include <stdlib.h>

#include <fstream>

using engine::Milliseconds;
using engine::loop::FileWatch;
using engine::loop::Loop;
using test::run_until;

namespace {

struct Tree {
  Tree() {
    std::string name = "/tmp/mb-watch-XXXXXX";
    root = mkdtemp(name.data());
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() { std::filesystem::remove_all(root); }
  void write(const std::string& name) const { std::ofstream(root / name) << "x"; }
  std::filesystem::path root;
};

}  // namespace

TEST_CASE("loop/file_watch: notices writes, renames and removals, in new directories too") {
  Loop loop("test");
  const Tree tree;
  std::filesystem::create_directories(tree.root / "a");
  int notices = 0;
  const auto watch =
      *FileWatch::open(loop, {tree.root, "/proc/nonexistent"}, Milliseconds(5), [&] { ++notices; });
  const auto noticed = [&](auto change) {
    const int before = notices;
    change();
    run_until(loop, [&] { return notices > before; });
  };
  noticed([&] { tree.write("x"); });
  noticed([&] { tree.write("a/x"); });
  noticed([&] { std::filesystem::create_directories(tree.root / "b/c"); });
  noticed([&] { tree.write("b/c/x"); });
  noticed([&] { std::filesystem::rename(tree.root / "b/c/x", tree.root / "b/y"); });
  noticed([&] { std::filesystem::remove(tree.root / "b/y"); });
}

TEST_CASE("loop/file_watch: many changes close together are one notice") {
  Loop loop("test");
  const Tree tree;
  int notices = 0;
  const auto watch = *FileWatch::open(loop, {tree.root}, Milliseconds(100), [&] { ++notices; });
  for (int i = 0; i < 100; ++i)
    tree.write(std::to_string(i));
  run_until(loop, [&] { return notices > 0; });
  loop.poll();
  CHECK(notices == 1);
}

TEST_CASE("loop/file_watch: silent once destroyed") {
  Loop loop("test");
  const Tree tree;
  int notices = 0;
  auto watch = *FileWatch::open(loop, {tree.root}, Milliseconds(1), [&] { ++notices; });
  tree.write("x");
  watch.reset();
  engine::loop::Timer timer(loop);
  bool later = false;
  timer.start(Milliseconds(20), [&] { later = true; });
  run_until(loop, [&] { return later; });
  CHECK(notices == 0);
}
