// patch-tool MODE: the document arithmetic of the store for tests and other programs. One JSON
// value per line in, one per line out, in the same order. Knows no store, no daemon.

#include "json/diff.hh"
#include "json/patch.hh"
#include "json/pointer.hh"
#include "json/reader.hh"
#include "json/scope.hh"
#include "json/writer.hh"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace engine;
using json::Value;

constexpr std::size_t kChunk = 1UL << 20U;
constexpr std::size_t kDepth = 1'000;

Result<const Value*> member(const Value& input, std::string_view name) {
  const Value* found = input.find(name);
  if (found != nullptr) return found;
  return fail(Errc::invalid_params, "member \"" + std::string(name) + "\" is missing");
}

Result<json::Pointer> pointer_member(const Value& input, std::string_view name) {
  TRY_ASSIGN(const Value* text, member(input, name));
  if (!text->is_string()) {
    return fail(Errc::invalid_params, "member \"" + std::string(name) + "\" must be text");
  }
  return json::Pointer::parse(*text->string());
}

Result<json::Patch> patch_member(const Value& input) {
  TRY_ASSIGN(const Value* patch, member(input, "patch"));
  return json::patch_from(*patch);
}

void put_member(json::Writer& out, std::string_view name, const Value& value) {
  out.start_object();
  out.key(name);
  out.value(value);
  out.end_object();
}

/// {"a","b"} → the patch from a to b.
Result<> run_diff(const Value& input, json::Writer& out) {
  TRY_ASSIGN(const Value* before, member(input, "a"));
  TRY_ASSIGN(const Value* after, member(input, "b"));
  json::write(out, json::diff(*before, *after));
  return {};
}

/// {"doc","patch"} → {"ok": document}
Result<> run_apply(Value& input, json::Writer& out) {
  TRY_ASSIGN(const json::Patch patch, patch_member(input));
  TRY(member(input, "doc"));
  Value& document = input["doc"];
  TRY(json::apply_patch(document, patch));
  put_member(out, "ok", document);
  return {};
}

Result<> put_pointer_of(const Value& tokens, json::Writer& out) {
  if (tokens.array() == nullptr) return fail(Errc::invalid_params, "tokens must be an array");
  std::vector<std::string> parts;
  for (const Value& token : *tokens.array()) {
    if (!token.is_string()) return fail(Errc::invalid_params, "tokens must be texts");
    parts.push_back(*token.string());
  }
  TRY_ASSIGN(const json::Pointer pointer, json::Pointer::from_tokens(std::move(parts)));
  put_member(out, "pointer", pointer.text());
  return {};
}

/// {"doc","pointer"} → {"ok": value} or {"missing": true}; {"tokens"} → {"pointer": text}
Result<> run_pointer(const Value& input, json::Writer& out) {
  if (const Value* tokens = input.find("tokens")) return put_pointer_of(*tokens, out);
  TRY_ASSIGN(const json::Pointer pointer, pointer_member(input, "pointer"));
  TRY_ASSIGN(const Value* document, member(input, "doc"));
  TRY_ASSIGN(const Value* found, json::resolve(*document, pointer));
  if (found != nullptr) {
    put_member(out, "ok", *found);
  } else {
    put_member(out, "missing", true);
  }
  return {};
}

/// What `scope` names, or null; also where the way there leads through no container.
const Value* find_at(const Value& document, const json::Pointer& scope) {
  const auto found = json::resolve(document, scope);
  return found ? *found : nullptr;
}

/// {"doc","scope","patch"} → the patch a subscriber of the scope receives.
Result<> run_scope(Value& input, json::Writer& out) {
  TRY_ASSIGN(const json::Pointer scope, pointer_member(input, "scope"));
  TRY_ASSIGN(const json::Patch patch, patch_member(input));
  TRY(member(input, "doc"));
  Value& document = input["doc"];
  const Value* found = find_at(document, scope);
  const Value before = found == nullptr ? Value() : *found;
  TRY_ASSIGN(const json::Patch simple, json::apply_simplified(document, patch));
  json::write(out, json::scoped(simple, scope, &before, find_at(document, scope)));
  return {};
}

using Mode = std::function<Result<>(Value& input, json::Writer& out)>;

/// One line in, one line out; what goes wrong is the answer.
void answer(const Mode& mode, std::string_view line, std::string& out) {
  const std::size_t begin = out.size();
  json::Writer writer(out);
  auto input = json::parse(line, kDepth);
  Result<> done = input ? mode(*input, writer) : fail(input.error());
  if (done) done = writer.finish();
  if (!done) {
    out.resize(begin);
    json::Writer problem(out);
    put_member(problem, "error", done.error().message);
  }
  out += '\n';
}

bool write_all(std::string& text) {
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    left.remove_prefix(static_cast<std::size_t>(count));
  }
  text.clear();
  return true;
}

/// Answers every whole line of `input` and keeps the rest.
void answer_lines(const Mode& mode, std::string& input, std::string& out) {
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = input.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view line = std::string_view(input).substr(begin, end - begin);
    if (!line.empty()) answer(mode, line, out);
  }
  input.erase(0, begin);
}

/// Answers what has come before it waits for more, so that it can be talked to line by line.
int serve(const Mode& mode) {
  std::string input;
  std::string out;
  std::vector<char> chunk(kChunk);
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return 1;
    if (count == 0) break;
    input.append(chunk.data(), static_cast<std::size_t>(count));
    answer_lines(mode, input, out);
    if (!write_all(out)) return 1;
  }
  if (!input.empty()) answer(mode, input, out);
  return write_all(out) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, Mode> modes = {
      {"diff", run_diff}, {"apply", run_apply}, {"pointer", run_pointer}, {"scope", run_scope}};
  std::string mode;
  CLI::App app(
      "JSON Patch arithmetic: one JSON value per line in, one per line out.\n"
      "  diff     {\"a\",\"b\"} gives the patch from a to b\n"
      "  apply    {\"doc\",\"patch\"} gives {\"ok\":document} or {\"error\":text}\n"
      "  pointer  {\"doc\",\"pointer\"} gives {\"ok\":value}, {\"missing\":true} or "
      "{\"error\":text};\n"
      "           {\"tokens\":[…]} gives {\"pointer\":text}\n"
      "  scope    {\"doc\",\"scope\",\"patch\"} gives the patch for a subscriber of the scope",
      "patch-tool");
  app.add_option("MODE", mode, "diff, apply, pointer or scope")
      ->required()
      ->check(CLI::IsMember({"diff", "apply", "pointer", "scope"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    return app.exit(stop) == 0 ? 0 : 2;
  }
  return serve(modes.at(mode));
}
