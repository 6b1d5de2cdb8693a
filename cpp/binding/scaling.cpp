// From the columns of a model to cross-products of the inner ones, and the scaling between.
#include <cmath>

#include "rows/scaling.hpp"

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "module.hpp"
#include "rows.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

using MatrixState = std::tuple<std::vector<double>, std::vector<double>, int>;
using TermState = std::tuple<int, int, int, std::string, int, std::vector<int>>;

Vector copy_out(const std::vector<double>& values) {
  return Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
}

std::vector<Vector> copy_out(const std::vector<ranef::MatrixScaling>& matrices,
                             std::vector<double> ranef::MatrixScaling::* what) {
  std::vector<Vector> out;
  for (const ranef::MatrixScaling& matrix : matrices) out.push_back(copy_out(matrix.*what));
  return out;
}

MatrixState state_of(const ranef::MatrixScaling& matrix) {
  return {matrix.shifts, matrix.scales, matrix.intercept};
}

ranef::MatrixScaling matrix_from(const MatrixState& state) {
  return {std::get<0>(state), std::get<1>(state), std::get<2>(state)};
}

// Older states have no structure.
ranef::Term term_from(const nb::tuple& state) {
  if (state.size() == 3) {
    const auto [group, offset, q] = nb::cast<std::tuple<int, int, int>>(state);
    return {group, offset, q};
  }
  const auto [group, offset, q, structure, rank, positions] = nb::cast<TermState>(state);
  return checked({group, offset, q, {structure, rank, positions}});
}

nb::tuple state_of(const ranef::Scaling& s) {
  std::vector<TermState> terms;
  std::vector<MatrixState> z;
  for (const ranef::Term& t : s.terms) {
    terms.emplace_back(t.group, t.offset, t.q, t.structure.name, t.structure.rank,
                       t.structure.positions);
  }
  for (const ranef::MatrixScaling& matrix : s.z) z.push_back(state_of(matrix));
  return nb::make_tuple(state_of(s.x), s.y.shift, s.y.scale, terms, z, s.orthogonal);
}

void restore(ranef::Scaling& s, const nb::tuple& state) {
  check_state(state, 6);
  ranef::Scaling out;
  out.x = matrix_from(nb::cast<MatrixState>(state[0]));
  out.y = {nb::cast<double>(state[1]), nb::cast<double>(state[2])};
  for (const nb::tuple& term : nb::cast<std::vector<nb::tuple>>(state[3])) {
    out.terms.push_back(term_from(term));
  }
  for (const MatrixState& matrix : nb::cast<std::vector<MatrixState>>(state[4])) {
    out.z.push_back(matrix_from(matrix));
  }
  out.orthogonal = nb::cast<Matrix>(state[5]);
  check(out);
  new (&s) ranef::Scaling(std::move(out));
}

std::vector<Matrix> random_changes(const ranef::Scaling& s) {
  std::vector<Matrix> out;
  for (const ranef::MatrixScaling& matrix : s.z) out.push_back(matrix.change());
  return out;
}

}  // namespace

void bind_scaling(nb::module_& m) {
  using ranef::Scaling;
  nb::class_<Scaling>(m, "Scaling", "How inner columns are made from the data's.")
      .def_prop_ro("x_shifts", [](const Scaling& s) { return copy_out(s.x.shifts); })
      .def_prop_ro("x_scales", [](const Scaling& s) { return copy_out(s.x.scales); })
      .def_prop_ro("y_shift", [](const Scaling& s) { return s.y.shift; })
      .def_prop_ro("y_scale", [](const Scaling& s) { return s.y.scale; })
      .def_prop_ro("z_shifts",
                   [](const Scaling& s) { return copy_out(s.z, &ranef::MatrixScaling::shifts); })
      .def_prop_ro("z_scales",
                   [](const Scaling& s) { return copy_out(s.z, &ranef::MatrixScaling::scales); })
      .def_prop_ro("intercept",
                   [](const Scaling& s) {
                     return s.x.intercept < 0 ? std::nullopt : std::optional<int>(s.x.intercept);
                   })
      .def_prop_ro("R", &Scaling::fixed_change)
      .def_prop_ro("B", &random_changes)
      .def_prop_ro("representable", &Scaling::representable)
      .def("constant", &Scaling::constant, "nu"_a, "reml"_a)
      .def(
          "with_response",
          [](const Scaling& s, double shift, double scale) {
            Scaling out = s;
            out.y = {shift, scale};
            return out;
          },
          "shift"_a, "scale"_a)
      .def(
          "with_unit",
          [](const Scaling& s, double unit) {
            if (!(unit > 0.0) || !std::isfinite(unit)) {
              throw nb::value_error("unit: not positive and finite");
            }
            Scaling out = s;
            for (double& scale : out.x.scales) scale /= unit;
            for (ranef::MatrixScaling& z : out.z) {
              for (double& scale : z.scales) scale /= unit;
            }
            check(out);
            return out;
          },
          "unit"_a, "Columns of X and Z times a number: coefficients are then in this unit.")
      .def(
          "with_orthogonal",
          [](const Scaling& s, const Matrix& inverse) {
            Scaling out = s;
            out.orthogonal = inverse;
            check(out);
            return out;
          },
          "inverse"_a)
      .def("__getstate__", [](const Scaling& s) { return state_of(s); })
      .def("__setstate__", &restore);

  m.attr("SIZE_LIMITS") = nb::make_tuple(ranef::kSmallestSize, ranef::kLargestSize);

  m.def(
      "allowed_scaling",
      [](const ranef::Term& term, const std::vector<double>& shifts,
         const std::vector<double>& scales, int intercept) {
        const auto q = static_cast<std::size_t>(term.q);
        if (shifts.size() != q || scales.size() != q) {
          throw nb::value_error("one shift and scale for each column of the term");
        }
        return state_of(ranef::allowed({shifts, scales, intercept}, term.structure.rescaling));
      },
      "term"_a, "shifts"_a, "scales"_a, "intercept"_a,
      "What of a term's shifts and scales its structure allows.");

  m.def(
      "scaling_of",
      [](const Rows& rows, const std::vector<ranef::Term>& terms, int threads) {
        check_model(rows.view(), terms);
        nb::gil_scoped_release release;
        return ranef::scaling_of(rows.view(), terms, threads);
      },
      "rows"_a, "terms"_a, "threads"_a, "Typical sizes of the columns of a model.");
}

}  // namespace ranef::binding
