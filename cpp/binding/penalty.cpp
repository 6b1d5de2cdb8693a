// A prior of the covariance of one term, for Python.
#include "criterion/penalty.hpp"

#include <utility>

#include "arrays.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

void bind_penalty(nb::module_& m) {
  using ranef::TermPenalty;
  nb::class_<TermPenalty>(m, "TermPenalty", "What a prior adds for one term, by coefficient.")
      .def(
          "__init__",
          [](TermPenalty* self, int group, int offset, Matrix change, double log_det,
             double log_correlation, Matrix trace, Vector log_sd, Vector sd, Matrix tail_weight,
             Matrix tail_scale, double constant) {
            new (self) TermPenalty{.group = group,
                                   .offset = offset,
                                   .change = std::move(change),
                                   .log_det = log_det,
                                   .log_correlation = log_correlation,
                                   .trace = std::move(trace),
                                   .log_sd = std::move(log_sd),
                                   .sd = std::move(sd),
                                   .tail_weight = std::move(tail_weight),
                                   .tail_scale = std::move(tail_scale),
                                   .constant = constant};
          },
          nb::kw_only(), "group"_a, "offset"_a, "change"_a, "log_det"_a, "log_correlation"_a,
          "trace"_a, "log_sd"_a, "sd"_a, "tail_weight"_a, "tail_scale"_a, "constant"_a);
}

}  // namespace ranef::binding
