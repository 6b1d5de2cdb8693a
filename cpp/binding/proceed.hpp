// Replicates whose progress Python is told of, and which Ctrl-C ends.
#pragma once

#include "arrays.hpp"

namespace ranef::binding {

// Runs work(proceed) without the interpreter's lock. `proceed` calls `tick` with the number of
// replicates done; it returns false once Python has raised, and the exception is thrown here.
template <class Work>
void told(const nb::callable& tick, const Work& work) {
  bool raised = false;
  {
    nb::gil_scoped_release release;
    const auto proceed = [&](Index done) {
      nb::gil_scoped_acquire acquire;
      if (PyErr_CheckSignals() != 0) {
        raised = true;
        return false;
      }
      try {
        tick(done);
      } catch (nb::python_error& error) {
        error.restore();
        raised = true;
        return false;
      }
      return true;
    };
    work(proceed);
  }
  if (raised) throw nb::python_error();
}

}  // namespace ranef::binding
