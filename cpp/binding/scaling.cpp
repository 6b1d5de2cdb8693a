// From the columns of a model to cross-products of the inner ones, and the scaling between.
#include "scaling.hpp"

#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

using CodesArgument = std::tuple<CodeColumn, Index>;       // codes, number of levels
using RandomArgument = std::tuple<int, std::vector<int>>;  // group, columns
using MatrixState = std::tuple<std::vector<double>, std::vector<double>, int>;

void check_columns(const std::vector<int>& columns, std::size_t count) {
  for (const int k : columns) {
    if (k < -1 || k >= static_cast<int>(count)) throw nb::value_error("no such column");
  }
}

ranef::ModelView model_view(const std::vector<DoubleColumn>& columns,
                            const std::vector<bool>& centred,
                            const std::vector<CodesArgument>& groups,
                            const std::vector<RandomArgument>& random,
                            const std::vector<int>& fixed, const DoubleColumn& response,
                            const std::optional<DoubleColumn>& weights) {
  ranef::ModelView model;
  model.n = static_cast<Index>(response.shape(0));
  const auto check_length = [&](std::size_t length) {
    if (static_cast<Index>(length) != model.n) throw nb::value_error("columns of other lengths");
  };
  if (centred.size() != columns.size()) throw nb::value_error("one flag for each column");
  for (std::size_t k = 0; k < columns.size(); ++k) {
    check_length(columns[k].shape(0));
    model.columns.push_back({columns[k].data(), model.n, centred[k]});
  }
  for (const auto& [codes, n_levels] : groups) {
    check_length(codes.shape(0));
    model.groups.push_back({codes.data(), n_levels});
  }
  for (const auto& [group, used] : random) {
    if (group < 0 || group >= static_cast<int>(groups.size())) {
      throw nb::value_error("no such grouping factor");
    }
    check_columns(used, columns.size());
    model.random.push_back({group, used});
  }
  check_columns(fixed, columns.size());
  model.fixed = fixed;
  model.response = response.data();
  if (weights) {
    check_length(weights->shape(0));
    model.weights = weights->data();
  }
  return model;
}

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

nb::tuple state_of(const ranef::Scaling& s) {
  std::vector<std::tuple<int, int, int>> terms;
  std::vector<MatrixState> z;
  for (const ranef::Term& term : s.terms) terms.emplace_back(term.group, term.offset, term.q);
  for (const ranef::MatrixScaling& matrix : s.z) z.push_back(state_of(matrix));
  return nb::make_tuple(state_of(s.x), s.y.shift, s.y.scale, terms, z, s.orthogonal);
}

void restore(ranef::Scaling& s, const nb::tuple& state) {
  new (&s) ranef::Scaling();
  s.x = matrix_from(nb::cast<MatrixState>(state[0]));
  s.y = {nb::cast<double>(state[1]), nb::cast<double>(state[2])};
  for (const auto& [group, offset, q] :
       nb::cast<std::vector<std::tuple<int, int, int>>>(state[3])) {
    s.terms.push_back({group, offset, q});
  }
  for (const MatrixState& matrix : nb::cast<std::vector<MatrixState>>(state[4])) {
    s.z.push_back(matrix_from(matrix));
  }
  s.orthogonal = nb::cast<Matrix>(state[5]);
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
          "with_orthogonal",
          [](const Scaling& s, const Matrix& inverse) {
            Scaling out = s;
            out.orthogonal = inverse;
            return out;
          },
          "inverse"_a)
      .def("__getstate__", [](const Scaling& s) { return state_of(s); })
      .def("__setstate__", &restore);

  m.def(
      "scaling_of",
      [](const std::vector<DoubleColumn>& columns, const std::vector<bool>& centred,
         const std::vector<CodesArgument>& groups, const std::vector<RandomArgument>& random,
         const std::vector<int>& fixed, const DoubleColumn& response, int threads) {
        const ranef::ModelView model =
            model_view(columns, centred, groups, random, fixed, response, std::nullopt);
        nb::gil_scoped_release release;
        return ranef::scaling_of(model, threads);
      },
      "columns"_a, "centred"_a, "groups"_a, "random"_a, "fixed"_a, "response"_a, "threads"_a,
      "Typical sizes of the columns of a model.");

  m.def(
      "gather",
      [](const std::vector<DoubleColumn>& columns, const std::vector<bool>& centred,
         const std::vector<CodesArgument>& groups, const std::vector<RandomArgument>& random,
         const std::vector<int>& fixed, const DoubleColumn& response,
         const std::optional<DoubleColumn>& weights, int threads) {
        const ranef::ModelView model =
            model_view(columns, centred, groups, random, fixed, response, weights);
        nb::gil_scoped_release release;
        std::tuple<Scaling, ranef::CrossProducts> out;
        auto& [scaling, products] = out;
        scaling = ranef::scaling_of(model, threads);
        ranef::PassOptions options;
        options.threads = threads;
        products = ranef::cross_products(ranef::scaled_rows(model, scaling), options);
        return out;
      },
      "columns"_a, "centred"_a, "groups"_a, "random"_a, "fixed"_a, "response"_a, "weights"_a.none(),
      "threads"_a, "Scaling and cross-products of the scaled columns.");
}

}  // namespace ranef::binding
