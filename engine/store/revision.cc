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

bool disturbs(const Touch& touch, const Footprint& footprint) {
  if (footprint.path.starts_with(touch.path)) return true;
  if (!touch.path.starts_with(footprint.path)) return false;
  switch (footprint.seen) {
    case Seen::existence:
      return false;
    case Seen::names:
      return touch.membership && touch.path.depth() == footprint.path.depth() + 1;
    case Seen::all:
      return true;
  }
  return true;
}

}  // namespace engine::store
