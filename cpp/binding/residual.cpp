#include "residual.hpp"

#include <tuple>
#include <utility>

#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

ResidualArgument::ResidualArgument(std::string kind, std::vector<double> counts,
                                   std::vector<int> gaps)
    : kind_(std::move(kind)), counts_(std::move(counts)), gaps_(std::move(gaps)) {
  residual_ = make();
  if (!residual_) throw nb::value_error("no such structure of residuals");
}

const ranef::Residual& ResidualArgument::at(const Vector& phi) const {
  if (phi.size() != residual_->size()) throw nb::value_error("parameters of another structure");
  return *residual_;
}

namespace {

std::vector<ranef::Jet> constants(const Vector& phi) {
  std::vector<ranef::Jet> out;
  for (const double value : phi) out.emplace_back(value);
  return out;
}

}  // namespace

void bind_residual(nb::module_& m) {
  using Residual = ResidualArgument;
  using State = std::tuple<std::string, std::vector<double>, std::vector<int>>;
  nb::class_<Residual>(m, "Residual", "How residuals vary and correlate.")
      .def(nb::init<std::string, std::vector<double>, std::vector<int>>(), nb::kw_only(), "kind"_a,
           "counts"_a, "gaps"_a = std::vector<int>{})
      .def_prop_ro("kind", &Residual::kind)
      .def_prop_ro("counts", &Residual::counts)
      .def_prop_ro("gaps", &Residual::gaps)
      .def_prop_ro("size", [](const Residual& r) { return r.itself().size(); })
      .def(
          "coefficients",
          [](const Residual& r, const Vector& phi) {
            Vector out(r.itself().terms());
            const std::vector<ranef::Jet> found = r.at(phi).coefficients(constants(phi));
            for (std::size_t k = 0; k < found.size(); ++k) {
              out(static_cast<Index>(k)) = found[k].value;
            }
            return out;
          },
          "phi"_a)
      .def(
          "log_determinant",
          [](const Residual& r, const Vector& phi) {
            return r.at(phi).log_determinant(constants(phi)).value;
          },
          "phi"_a)
      .def(
          "parameters",
          [](const Residual& r, const Vector& phi) { return r.at(phi).parameters(phi); }, "phi"_a)
      .def(
          "coordinates",
          [](const Residual& r, const Vector& parameters) {
            return r.at(parameters).coordinates(parameters);
          },
          "parameters"_a)
      .def("__getstate__", [](const Residual& r) { return State(r.kind(), r.counts(), r.gaps()); })
      .def("__setstate__", [](Residual& r, const State& state) {
        new (&r) Residual(std::get<0>(state), std::get<1>(state), std::get<2>(state));
      });
}

}  // namespace ranef::binding
