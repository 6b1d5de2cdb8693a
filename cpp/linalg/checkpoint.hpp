// Places in a long computation at which its caller may stop it.
//
// A factorisation of thousands of columns takes seconds inside one call. The loops over its panels
// call checkpoint(), which asks the host whether to go on: Python's Ctrl-C then waits for one panel
// and not for the whole.
#pragma once

#include <exception>
#include <functional>

namespace ranef {

// Thrown by checkpoint(). What was being computed is to be given up.
class Stopped : public std::exception {
 public:
  const char* what() const noexcept override { return "stopped by the caller"; }
};

// While it lives, checkpoints of this thread ask `stop`.
class Stoppable {
 public:
  explicit Stoppable(std::function<bool()> stop);
  ~Stoppable();
  Stoppable(const Stoppable&) = delete;
  Stoppable& operator=(const Stoppable&) = delete;

 private:
  std::function<bool()> stop_;
  const std::function<bool()>* before_;
};

// Throws Stopped if the caller wishes to stop; does nothing where nobody is asked.
void checkpoint();

}  // namespace ranef
