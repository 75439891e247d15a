#pragma once

namespace engine::script {

/// What the VMs of the calling thread hold at the moment. After the last VM has closed all three
/// must be zero: tests check it.
struct Live {
  int refs = 0;     ///< `Ref`s that hold a value
  int tasks = 0;    ///< tasks that have not ended
  int objects = 0;  ///< userdata (object.hh) not yet collected or closed
};

Live& live();

}  // namespace engine::script
