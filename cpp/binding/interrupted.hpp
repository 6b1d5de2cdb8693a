// Ctrl-C in the middle of a long computation.
#pragma once

#include <chrono>

#include "arrays.hpp"

namespace ranef::binding {

// Whether the user has asked to stop; looks at most every 50 ms.
class Interrupted {
 public:
  bool operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return false;
    last_ = now;
    nb::gil_scoped_acquire acquire;
    return PyErr_CheckSignals() != 0;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace ranef::binding
