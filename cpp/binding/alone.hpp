// Long calls of an object with working memory: one at a time, without the interpreter's lock, and
// given up where Ctrl-C is pressed.
#pragma once

#include <atomic>
#include <stdexcept>

#include "interrupted.hpp"
#include "linalg/checkpoint.hpp"

namespace ranef::binding {

// Where another thread, or a signal's handler, calls while a call is at work.
class Alone {
 public:
  explicit Alone(std::atomic<bool>& busy) : busy_(busy) {
    if (busy_.exchange(true)) throw std::runtime_error("another call of this workspace is at work");
  }
  ~Alone() { busy_ = false; }
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;

 private:
  std::atomic<bool>& busy_;
};

// `ready` is taken back where the call is given up.
template <class Call>
auto stoppable(std::atomic<bool>& busy, bool& ready, const Call& call) -> decltype(call()) {
  nb::gil_scoped_release release;
  const Alone alone(busy);
  const ranef::Stoppable stop{Interrupted{}};
  try {
    return call();
  } catch (...) {
    ready = false;
    throw;
  }
}

}  // namespace ranef::binding
