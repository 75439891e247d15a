#include "base/result.hh"

engine::Result<int> probe() {
  return 1;
}
