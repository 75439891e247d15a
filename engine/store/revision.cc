#include "store/revision.hh"

namespace engine::store {

std::vector<Touch> touched_by(const json::Patch& patch) {
  std::vector<Touch> touched;
  touched.reserve(patch.size());
  for (const json::Operation& operation : patch) {
    if (operation.shifts) {
      touched.push_back({operation.path.parent(), false});
    } else {
      touched.push_back({operation.path, operation.op != json::Op::replace});
    }
  }
  return touched;
}

bool affects(const Touch& touch, const json::Pointer& scope) {
  return touch.path.starts_with(scope) || scope.starts_with(touch.path);
}

}  // namespace engine::store
