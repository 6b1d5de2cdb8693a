// Results of searches and certificates. Their numbers are copied to NumPy when they are read.
#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "checks.hpp"
#include "curvature/curvature.hpp"
#include "module.hpp"
#include "search/solve.hpp"

namespace ranef::binding {

namespace {

constexpr std::array kStatus = {"converged",  "no progress", "evaluation limit",
                                "broke down", "interrupted", "at an end"};
constexpr std::array kMethod = {"newton", "l-bfgs"};

const char* name(ranef::OptimiseStatus status) { return kStatus[static_cast<std::size_t>(status)]; }
const char* name(ranef::OptimiseMethod method) { return kMethod[static_cast<std::size_t>(method)]; }

// One line a step: criterion, predicted gain, radius, whether it was accepted.
Matrix steps(const std::vector<ranef::OptimiseRecord>& log) {
  Matrix out(static_cast<Index>(log.size()), 4);
  for (std::size_t k = 0; k < log.size(); ++k) {
    const ranef::OptimiseRecord& r = log[k];
    out.row(static_cast<Index>(k)) << r.value, r.predicted_gain, r.radius, r.accepted ? 1.0 : 0.0;
  }
  return out;
}

// Gain, step, dual, complementarity, curvature, ranks, flat directions, their loose terms,
// rounding.
nb::tuple numbers(const ranef::Evidence& e) {
  return nb::make_tuple(e.gain, e.step, e.dual, e.complementarity, e.curvature, e.rank, e.flat,
                        e.loose, e.rounding);
}

// Of theta in standard errors, of the criterion, directions, probes, iterations.
using ErrorNumbers = std::tuple<double, double, Index, Index, int>;

std::optional<ErrorNumbers> error_of(const ranef::Solved& s) {
  if (!s.error) return std::nullopt;
  const ranef::EstimationError& e = *s.error;
  return ErrorNumbers{e.step, e.criterion, e.deflated, e.probes, e.iterations};
}

nb::tuple state_of(const ranef::Solved& s) {
  const ranef::Optimum& best = s.optimum;
  const nb::tuple exact = nb::make_tuple(
      best.theta, best.value, static_cast<int>(best.status), best.evaluations, best.escapes,
      static_cast<int>(best.method), steps(best.log), s.theta, s.covariances, numbers(s.evidence),
      s.starts, s.elsewhere, s.basins, s.search_seconds, s.certificate_seconds, s.loses_digits,
      s.phi, s.coefficients);
  // One part more only where there is an error, so that others stay as they are read elsewhere.
  return s.error ? nb::tuple(exact + nb::make_tuple(error_of(s))) : exact;
}

ranef::Evidence evidence_from(const nb::tuple& state) {
  check_state(state, 9);
  ranef::Evidence out;
  out.gain = nb::cast<double>(state[0]);
  out.step = nb::cast<double>(state[1]);
  out.dual = nb::cast<double>(state[2]);
  out.complementarity = nb::cast<double>(state[3]);
  out.curvature = nb::cast<double>(state[4]);
  out.rank = nb::cast<std::vector<int>>(state[5]);
  out.flat = nb::cast<Matrix>(state[6]);
  out.loose = nb::cast<std::vector<int>>(state[7]);
  out.rounding = nb::cast<double>(state[8]);
  return out;
}

// Which of the names a state holds.
template <std::size_t N>
int one_of(const std::array<const char*, N>& names, const nb::handle& value) {
  const int k = nb::cast<int>(value);
  if (k < 0 || k >= static_cast<int>(names.size())) throw nb::value_error("no such outcome");
  return k;
}

void restore(ranef::Solved& s, const nb::tuple& state) {
  // Older states have 16 parts, without a structure of the residuals, 17, without coefficients, or
  // 18, without errors of estimation.
  if (state.size() < 16 || state.size() > 19) check_state(state, 19);
  ranef::Solved out;
  ranef::Optimum& best = out.optimum;
  best.theta = nb::cast<Vector>(state[0]);
  best.value = nb::cast<double>(state[1]);
  best.status = static_cast<ranef::OptimiseStatus>(one_of(kStatus, state[2]));
  best.evaluations = nb::cast<int>(state[3]);
  best.escapes = nb::cast<int>(state[4]);
  best.method = static_cast<ranef::OptimiseMethod>(one_of(kMethod, state[5]));
  const auto log = nb::cast<Matrix>(state[6]);
  if (log.cols() != 4) throw nb::value_error("a log of other columns");
  for (Index k = 0; k < log.rows(); ++k) {
    best.log.push_back({log(k, 0), log(k, 1), log(k, 2), log(k, 3) != 0.0});
  }
  out.theta = nb::cast<Vector>(state[7]);
  out.covariances = nb::cast<std::vector<Matrix>>(state[8]);
  out.evidence = evidence_from(nb::cast<nb::tuple>(state[9]));
  out.starts = nb::cast<int>(state[10]);
  out.elsewhere = nb::cast<int>(state[11]);
  out.basins = nb::cast<int>(state[12]);
  out.search_seconds = nb::cast<double>(state[13]);
  out.certificate_seconds = nb::cast<double>(state[14]);
  out.loses_digits = nb::cast<bool>(state[15]);
  if (state.size() > 16) out.phi = nb::cast<Vector>(state[16]);
  if (state.size() > 17) out.coefficients = nb::cast<Vector>(state[17]);
  if (state.size() > 18 && !state[18].is_none()) {
    const auto e = nb::cast<ErrorNumbers>(state[18]);
    ranef::EstimationError& error = out.error.emplace();
    std::tie(error.step, error.criterion, error.deflated, error.probes, error.iterations) = e;
  }
  new (&s) ranef::Solved(std::move(out));
}

}  // namespace

void bind_solved(nb::module_& m) {
  using ranef::Optimum;
  nb::class_<Optimum>(m, "Optimum", "Where a search ended.")
      .def_prop_ro("theta", [](const Optimum& o) { return Vector(o.theta); })
      .def_ro("criterion", &Optimum::value)
      .def_prop_ro("status", [](const Optimum& o) { return name(o.status); })
      .def_ro("evaluations", &Optimum::evaluations)
      .def_ro("escapes", &Optimum::escapes)
      .def_prop_ro("method", [](const Optimum& o) { return name(o.method); })
      .def_prop_ro("log", [](const Optimum& o) { return steps(o.log); });

  using ranef::Evidence;
  nb::class_<Evidence>(m, "Evidence", "What speaks for and against an optimum, in numbers.")
      .def_ro("gain", &Evidence::gain)
      .def_ro("step", &Evidence::step)
      .def_ro("dual", &Evidence::dual)
      .def_ro("complementarity", &Evidence::complementarity)
      .def_ro("curvature", &Evidence::curvature)
      .def_ro("rank", &Evidence::rank)
      .def_prop_ro("flat", [](const Evidence& e) { return Matrix(e.flat); })
      .def_ro("loose", &Evidence::loose)
      .def_ro("rounding", &Evidence::rounding);

  using ranef::Curvature;
  nb::class_<Curvature>(m, "Curvature", "Second derivatives, and first ones of the parts.")
      .def_prop_ro("hessian", [](const Curvature& c) { return Matrix(c.hessian); })
      .def_prop_ro("r2", [](const Curvature& c) { return Vector(c.r2); })
      .def_ro("xx", &Curvature::xx);

  using ranef::Solved;
  nb::class_<Solved>(m, "Solved", "A search with its certificate's numbers.")
      .def_prop_ro("inner", [](const Solved& s) { return Vector(s.optimum.theta); })
      .def_prop_ro("criterion", [](const Solved& s) { return s.optimum.value; })
      .def_prop_ro("status", [](const Solved& s) { return name(s.optimum.status); })
      .def_prop_ro("evaluations", [](const Solved& s) { return s.optimum.evaluations; })
      .def_prop_ro("escapes", [](const Solved& s) { return s.optimum.escapes; })
      .def_prop_ro("method", [](const Solved& s) { return name(s.optimum.method); })
      .def_prop_ro("log", [](const Solved& s) { return steps(s.optimum.log); })
      .def_prop_ro("theta", [](const Solved& s) { return Vector(s.theta); })
      .def_prop_ro("phi", [](const Solved& s) { return Vector(s.phi); })
      .def_prop_ro("coefficients", [](const Solved& s) { return Vector(s.coefficients); })
      .def_prop_ro("covariances", [](const Solved& s) { return s.covariances; })
      .def_prop_ro("evidence", [](const Solved& s) { return numbers(s.evidence); })
      .def_ro("starts", &Solved::starts)
      .def_ro("elsewhere", &Solved::elsewhere)
      .def_ro("basins", &Solved::basins)
      .def_ro("loses_digits", &Solved::loses_digits)
      .def_prop_ro("error", &error_of)
      .def_ro("search_seconds", &Solved::search_seconds)
      .def_ro("certificate_seconds", &Solved::certificate_seconds)
      .def("__getstate__", &state_of)
      .def("__setstate__", &restore);
}

}  // namespace ranef::binding
