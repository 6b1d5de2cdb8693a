// The refits of a generalised model, and where they ended.
#include <cmath>
#include <vector>

#include "module.hpp"
#include "refit_plan.hpp"

namespace ranef::binding {

using namespace nb::literals;

std::vector<ranef::CoefficientEnd> ends_from(const EndsArgument& ends, Index coefficients) {
  std::vector<ranef::CoefficientEnd> out;
  for (const auto& [index, sign, value] : ends) {
    if (index < 0 || index >= coefficients || (sign != 1 && sign != -1) || std::isnan(value)) {
      throw nb::value_error("ends: not a coefficient, not a sign, or not a number");
    }
    out.push_back({index, sign, value});
  }
  return out;
}

ranef::GeneralisedRefits run_refits(const ranef::RowReplicates& replicates,
                                    const ranef::RefittedModel& model, const Vector& again,
                                    const RefitPlan& plan) {
  const Index size = model.chart.size();
  if (plan.threads < 1) throw nb::value_error("threads: fewer than one");
  if (plan.count < 0) throw nb::value_error("fewer replicates than none");
  if (plan.start.size() != size || again.size() != size) {
    throw nb::value_error("a start of another length");
  }
  const ranef::GeneralisedRefitControl control{
      plan.start,
      again,
      {plan.max_evaluations, plan.gain, ranef::OptimiseMethod::kNewton},
      plan.threads};
  ranef::GeneralisedRefits out;
  told(plan.tick, [&](const auto& proceed) {
    ranef::refit_generalised(replicates, plan.count, model, control, proceed, out);
  });
  return out;
}

void bind_generalised_refits(nb::module_& m) {
  m.def(
      "drawn_levels",
      [](std::uint64_t seed, std::uint64_t replicate, Index n_levels) {
        if (n_levels < 0) throw nb::value_error("fewer levels than none");
        return ranef::drawn_levels(seed, replicate, n_levels);
      },
      "seed"_a, "replicate"_a, "n_levels"_a, "The levels that a replicate of drawn levels has.");

  using ranef::GeneralisedRefits;
  nb::class_<GeneralisedRefits>(m, "GeneralisedRefits",
                                "Where searches ended: one column or entry a replicate.")
      .def_prop_ro("theta", [](const GeneralisedRefits& r) { return Matrix(r.theta); })
      .def_prop_ro("coefficients",
                   [](const GeneralisedRefits& r) { return Matrix(r.coefficients); })
      .def_prop_ro("covariances", [](const GeneralisedRefits& r) { return Matrix(r.covariances); })
      .def_prop_ro("criterion", [](const GeneralisedRefits& r) { return Vector(r.criterion); })
      .def_prop_ro("converged",
                   [](const GeneralisedRefits& r) {
                     std::vector<bool> out;
                     for (const ranef::OptimiseStatus s : r.status) {
                       out.push_back(s == ranef::OptimiseStatus::kConverged);
                     }
                     return out;
                   })
      .def_prop_ro("at_end",
                   [](const GeneralisedRefits& r) {
                     std::vector<bool> out;
                     for (const ranef::OptimiseStatus s : r.status) {
                       out.push_back(s == ranef::OptimiseStatus::kAtEnd);
                     }
                     return out;
                   })
      .def_prop_ro("gain", [](const GeneralisedRefits& r) { return Vector(r.gain); })
      .def_prop_ro("step", [](const GeneralisedRefits& r) { return Vector(r.step); })
      .def_ro("flat", &GeneralisedRefits::flat)
      .def_ro("rank", &GeneralisedRefits::rank)
      .def_ro("evaluations", &GeneralisedRefits::evaluations);
}

}  // namespace ranef::binding
