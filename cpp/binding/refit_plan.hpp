// What Python asks of replicates, and how it is told of them.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "replicate/refit_generalised.hpp"

namespace ranef::binding {

// How many replicates, drawn from which key, and how each is searched.
struct RefitPlan {
  std::uint64_t seed = 0;
  std::uint64_t first = 0;  // replicate
  Index count = 0;
  int threads = 1;
  Vector start;  // theta
  int max_evaluations = 0;
  double gain = 0.0;
  nb::callable tick;  // called with the number done
};

// Coefficients with the sign of their end and the value where a search ends, checked.
using EndsArgument = std::vector<std::tuple<Index, int, double>>;
std::vector<ranef::CoefficientEnd> ends_from(const EndsArgument& ends, Index coefficients);

// Of a generalised model: `again` is where a search begins again.
ranef::GeneralisedRefits run_refits(const ranef::RowReplicates& replicates,
                                    const ranef::RefittedModel& model, const Vector& again,
                                    const RefitPlan& plan);

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
