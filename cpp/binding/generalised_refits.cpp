// Where the refits of a generalised model ended.
#include <vector>

#include "arrays.hpp"
#include "module.hpp"
#include "replicate/refit_generalised.hpp"

namespace ranef::binding {

void bind_generalised_refits(nb::module_& m) {
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
      .def_prop_ro("gain", [](const GeneralisedRefits& r) { return Vector(r.gain); })
      .def_prop_ro("step", [](const GeneralisedRefits& r) { return Vector(r.step); })
      .def_ro("flat", &GeneralisedRefits::flat)
      .def_ro("rank", &GeneralisedRefits::rank)
      .def_ro("evaluations", &GeneralisedRefits::evaluations);
}

}  // namespace ranef::binding
