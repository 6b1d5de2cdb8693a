// The only file that knows Python. Data are copied in and moved out: nothing that is returned
// looks into the core's memory, nothing that is kept looks into NumPy's.
#include <nanobind/eigen/dense.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "criterion.hpp"
#include "cross_products.hpp"
#include "dense.hpp"
#include "joint_inverse.hpp"
#include "optimise.hpp"
#include "start.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using ranef::at;
using ranef::Index;
using ranef::Matrix;
using ranef::Vector;

using DoubleColumn = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using CodeColumn = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using NumpyVector = nb::ndarray<nb::numpy, double, nb::ndim<1>>;
using NumpyBlocks = nb::ndarray<nb::numpy, double, nb::ndim<3>>;

// codes, number of levels, columns (None is the constant 1), shifts, scales
using GroupArgument = std::tuple<CodeColumn, Index, std::vector<std::optional<DoubleColumn>>,
                                 std::vector<double>, std::vector<double>>;
using ColumnsArgument =
    std::tuple<std::vector<std::optional<DoubleColumn>>, std::vector<double>, std::vector<double>>;

std::vector<ranef::ColumnView> views(const std::vector<std::optional<DoubleColumn>>& columns,
                                     const std::vector<double>& shifts,
                                     const std::vector<double>& scales, Index n) {
  if (shifts.size() != columns.size() || scales.size() != columns.size()) {
    throw nb::value_error("one shift and one scale for each column");
  }
  std::vector<ranef::ColumnView> out;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    if (columns[k] && static_cast<Index>(columns[k]->shape(0)) != n) {
      throw nb::value_error("columns of different lengths");
    }
    out.push_back({columns[k] ? columns[k]->data() : nullptr, shifts[k], scales[k]});
  }
  return out;
}

ranef::RowsView rows_view(const std::vector<GroupArgument>& groups, const ColumnsArgument& fixed,
                          const std::optional<DoubleColumn>& response, double y_shift,
                          double y_scale, const std::optional<DoubleColumn>& weights, Index n) {
  ranef::RowsView rows;
  rows.n = n;
  for (const GroupArgument& group : groups) {
    const auto& [codes, n_levels, columns, shifts, scales] = group;
    if (static_cast<Index>(codes.shape(0)) != n) throw nb::value_error("codes of another length");
    for (Index i = 0; i < n; ++i) {
      if ((codes.data()[i] < 0 && response) || codes.data()[i] >= n_levels) {
        throw nb::value_error("a level code lies outside of 0 .. n_levels - 1");
      }
    }
    rows.groups.push_back({codes.data(), n_levels, views(columns, shifts, scales, n)});
  }
  rows.fixed = views(std::get<0>(fixed), std::get<1>(fixed), std::get<2>(fixed), n);
  if (response) {
    if (static_cast<Index>(response->shape(0)) != n) throw nb::value_error("y of another length");
    rows.response = {response->data(), y_shift, y_scale};
  }
  if (weights) {
    if (static_cast<Index>(weights->shape(0)) != n) throw nb::value_error("weights' length");
    rows.weights = weights->data();
  }
  return rows;
}

NumpyVector move_out(std::vector<double>&& values) {
  auto* kept = new std::vector<double>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  return NumpyVector(kept->data(), {kept->size()}, owner);
}

// Level-major column-major blocks as an array (levels, rows, columns).
NumpyBlocks move_out(std::vector<double>&& values, Index levels, int rows, int columns) {
  auto* kept = new std::vector<double>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  const std::int64_t strides[3] = {static_cast<std::int64_t>(rows) * columns, 1, rows};
  const std::size_t shape[3] = {at(levels), static_cast<std::size_t>(rows),
                                static_cast<std::size_t>(columns)};
  return NumpyBlocks(kept->data(), 3, shape, owner, strides);
}

std::vector<ranef::Direction> directions_from(
    const std::vector<std::tuple<int, Matrix>>& directions) {
  std::vector<ranef::Direction> out;
  for (const auto& [group, d] : directions) out.push_back({group, d});
  return out;
}

// One problem with its working memory. Not to be shared between threads.
class Workspace {
 public:
  Workspace(const ranef::CrossProducts& a, bool reml, double constant)
      : problem_(ranef::arrange(a)), criterion_(problem_, reml, constant) {}
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  bool evaluate(const std::vector<Matrix>& lambda) {
    check(lambda);
    nb::gil_scoped_release release;
    ready_ = criterion_.evaluate(lambda);
    return ready_;
  }

  std::vector<Matrix> gamma() {
    require();
    nb::gil_scoped_release release;
    return criterion_.gamma();
  }

  std::tuple<Matrix, Vector, std::vector<Matrix>> hessian(
      const std::vector<std::tuple<int, Matrix>>& directions) {
    require();
    nb::gil_scoped_release release;
    ranef::Curvature c = criterion_.hessian(directions_from(directions));
    return {std::move(c.hessian), std::move(c.r2), std::move(c.xx)};
  }

  Matrix average_information(const std::vector<std::tuple<int, Matrix>>& directions) {
    require();
    nb::gil_scoped_release release;
    return criterion_.average_information(directions_from(directions));
  }

  ranef::Chart chart(const std::vector<std::tuple<int, int, int>>& terms) const {
    std::vector<ranef::Term> list;
    for (const auto& [group, offset, q] : terms) {
      if (group < 0 || group >= problem_.n_groups || offset < 0 || q < 1 ||
          offset + q > problem_.q[at(group)]) {
        throw nb::value_error("a term lies outside of its grouping factor");
      }
      list.push_back({group, offset, q});
    }
    return ranef::Chart(std::move(list), problem_.q);
  }

  Vector moment_start(const std::vector<std::tuple<int, int, int>>& terms) {
    const ranef::Chart chart = this->chart(terms);
    nb::gil_scoped_release release;
    return ranef::moment_start(problem_, criterion_.nu(), chart);
  }

  nb::tuple optimise(const std::vector<std::tuple<int, int, int>>& terms, const Vector& start,
                     int max_evaluations, double gain) {
    const ranef::Chart chart = this->chart(terms);
    if (start.size() != chart.size()) throw nb::value_error("theta has another length");
    ranef::Optimum best;
    {
      nb::gil_scoped_release release;
      auto last = std::chrono::steady_clock::now();
      const auto interrupted = [&last] {
        const auto now = std::chrono::steady_clock::now();
        if (now - last < std::chrono::milliseconds(50)) return false;
        last = now;
        nb::gil_scoped_acquire acquire;
        return PyErr_CheckSignals() != 0;
      };
      best = ranef::optimise(criterion_, chart, start, {max_evaluations, gain}, interrupted);
    }
    if (best.status == ranef::OptimiseStatus::kInterrupted) throw nb::python_error();
    ready_ = best.status != ranef::OptimiseStatus::kBrokeDown;
    nb::list log;
    for (const ranef::OptimiseRecord& r : best.log) {
      log.append(nb::make_tuple(r.value, r.predicted_gain, r.radius, r.accepted));
    }
    return nb::make_tuple(best.theta, best.value, static_cast<int>(best.status), best.evaluations,
                          best.escapes, log);
  }

  // b of y - X beta, by group: (levels, q, 1); E = Z'V^-1 [X y] by group: (levels, q, p + 1).
  std::vector<NumpyBlocks> modes() {
    std::vector<std::vector<double>> b;
    std::vector<std::vector<double>> e;
    predictors(b, e);
    const int m = problem_.m;
    Vector v(m);
    v.head(problem_.p) = -criterion_.beta();
    v(problem_.p) = 1.0;
    std::vector<NumpyBlocks> out;
    for (std::size_t g = 0; g < b.size(); ++g) {
      const int q = problem_.q[g];
      std::vector<double> values(at(problem_.n_levels[g] * q));
      for (Index level = 0; level < problem_.n_levels[g]; ++level) {
        Eigen::Map<Vector>(&values[at(level * q)], q).noalias() =
            Eigen::Map<const Matrix>(&b[g][at(level * q * m)], q, m) * v;
      }
      out.push_back(move_out(std::move(values), problem_.n_levels[g], q, 1));
    }
    return out;
  }

  std::vector<NumpyBlocks> scores() {
    std::vector<std::vector<double>> b;
    std::vector<std::vector<double>> e;
    predictors(b, e);
    std::vector<NumpyBlocks> out;
    for (std::size_t g = 0; g < e.size(); ++g) {
      out.push_back(move_out(std::move(e[g]), problem_.n_levels[g], problem_.q[g], problem_.m));
    }
    return out;
  }

  std::vector<NumpyBlocks> conditional_variances() {
    require();
    std::vector<std::vector<double>> blocks;
    {
      nb::gil_scoped_release release;
      blocks = ranef::conditional_variances(criterion_);
    }
    std::vector<NumpyBlocks> out;
    for (std::size_t g = 0; g < blocks.size(); ++g) {
      out.push_back(
          move_out(std::move(blocks[g]), problem_.n_levels[g], problem_.q[g], problem_.q[g]));
    }
    return out;
  }

  // Negative codes stand for levels that the problem does not have.
  NumpyVector row_variances(const std::vector<GroupArgument>& groups, const ColumnsArgument& fixed,
                            const std::optional<DoubleColumn>& weights) {
    require();
    if (groups.empty()) throw nb::value_error("no grouping factor");
    const Index n = static_cast<Index>(std::get<0>(groups.front()).shape(0));
    const ranef::RowsView rows = rows_view(groups, fixed, std::nullopt, 0.0, 1.0, weights, n);
    std::vector<double> out;
    {
      nb::gil_scoped_release release;
      out = ranef::row_variances(criterion_, rows);
    }
    return move_out(std::move(out));
  }

  // Groups eliminated block by block, groups in the dense tail, tail columns, entries kept.
  std::tuple<std::vector<int>, std::vector<int>, Index, Index> layout() const {
    std::vector<int> chain;
    std::vector<int> tail;
    Index entries = 0;
    for (const ranef::Stage& stage : problem_.chain) {
      chain.push_back(stage.group);
      entries += static_cast<Index>(stage.diagonal.size() + stage.rest.size());
    }
    for (const ranef::TailGroup& group : problem_.tail) tail.push_back(group.group);
    return {chain, tail, problem_.tail_columns, entries};
  }

  const ranef::Criterion& criterion() const { return criterion_; }

 private:
  void check(const std::vector<Matrix>& lambda) const {
    if (lambda.size() != problem_.q.size()) throw nb::value_error("one Lambda for each factor");
    for (std::size_t g = 0; g < lambda.size(); ++g) {
      if (lambda[g].rows() != problem_.q[g] || lambda[g].cols() != problem_.q[g]) {
        throw nb::value_error("a Lambda has another size than its factor");
      }
    }
  }
  void require() const {
    if (!ready_) throw nb::value_error("evaluate() has not succeeded yet");
  }
  void predictors(std::vector<std::vector<double>>& b, std::vector<std::vector<double>>& e) {
    require();
    nb::gil_scoped_release release;
    criterion_.gamma();
    criterion_.sweeps().predictors(b, e);
  }

  ranef::Problem problem_;
  ranef::Criterion criterion_;
  bool ready_ = false;
};

template <class Function>
void take(Function& target, const nb::dict& table, const char* name) {
  nb::capsule capsule = nb::cast<nb::capsule>(table[name]);
  target = reinterpret_cast<Function>(
      PyCapsule_GetPointer(capsule.ptr(), PyCapsule_GetName(capsule.ptr())));
}

// Takes BLAS and LAPACK from SciPy's Cython interface (the __pyx_capi__ dictionaries).
void use_blas(const nb::dict& blas, const nb::dict& lapack) {
  ranef::BlasTable table;
  take(table.dgemm, blas, "dgemm");
  take(table.dtrsm, blas, "dtrsm");
  take(table.dpotrf, lapack, "dpotrf");
  take(table.dpotri, lapack, "dpotri");
  ranef::set_blas(table);
}

nb::tuple state_of(const ranef::CrossProducts& a) {
  nb::list groups;
  for (const ranef::GroupBlocks& g : a.groups) {
    groups.append(nb::make_tuple(g.n_levels, g.q, move_out(std::vector<double>(g.diagonal)),
                                 move_out(std::vector<double>(g.fixed)),
                                 nb::bytes(reinterpret_cast<const char*>(g.n_rows.data()),
                                           g.n_rows.size() * sizeof(std::int64_t))));
  }
  nb::list pairs;
  for (const ranef::PairBlocks& b : a.pairs) {
    pairs.append(nb::make_tuple(b.first, b.second,
                                nb::bytes(reinterpret_cast<const char*>(b.start.data()),
                                          b.start.size() * sizeof(std::int64_t)),
                                nb::bytes(reinterpret_cast<const char*>(b.level.data()),
                                          b.level.size() * sizeof(std::int32_t)),
                                move_out(std::vector<double>(b.values))));
  }
  return nb::make_tuple(a.n, a.p, a.sum_log_weights, a.fixed, groups, pairs);
}

template <class T>
std::vector<T> from_bytes(const nb::handle& value) {
  const auto bytes = nb::cast<nb::bytes>(value);
  const T* data = reinterpret_cast<const T*>(bytes.c_str());
  return std::vector<T>(data, data + bytes.size() / sizeof(T));
}

std::vector<double> from_array(const nb::handle& value) {
  const auto array = nb::cast<DoubleColumn>(value);
  return std::vector<double>(array.data(), array.data() + array.shape(0));
}

void restore(ranef::CrossProducts& a, const nb::tuple& state) {
  new (&a) ranef::CrossProducts();
  a.n = nb::cast<Index>(state[0]);
  a.p = nb::cast<int>(state[1]);
  a.sum_log_weights = nb::cast<double>(state[2]);
  a.fixed = nb::cast<Matrix>(state[3]);
  for (nb::handle item : state[4]) {
    const auto g = nb::cast<nb::tuple>(item);
    a.groups.push_back({nb::cast<Index>(g[0]), nb::cast<int>(g[1]), from_array(g[2]),
                        from_array(g[3]), from_bytes<std::int64_t>(g[4])});
  }
  for (nb::handle item : state[5]) {
    const auto b = nb::cast<nb::tuple>(item);
    a.pairs.push_back({nb::cast<int>(b[0]), nb::cast<int>(b[1]), from_bytes<std::int64_t>(b[2]),
                       from_bytes<std::int32_t>(b[3]), from_array(b[4])});
  }
}

// A itself, dense, columns in the order of the groups, then X, then y: for the NumPy kernel.
Matrix dense(const ranef::CrossProducts& a) {
  std::vector<Index> offset;
  Index size = 0;
  for (const ranef::GroupBlocks& g : a.groups) {
    offset.push_back(size);
    size += g.n_levels * g.q;
  }
  const Index m = a.p + 1;
  Matrix out = Matrix::Zero(size + m, size + m);
  for (std::size_t g = 0; g < a.groups.size(); ++g) {
    const ranef::GroupBlocks& blocks = a.groups[g];
    const Index q = blocks.q;
    for (Index level = 0; level < blocks.n_levels; ++level) {
      const Index from = offset[g] + level * q;
      out.block(from, from, q, q) =
          Eigen::Map<const Matrix>(&blocks.diagonal[at(level * q * q)], q, q);
      out.block(from, size, q, m) =
          Eigen::Map<const Matrix>(&blocks.fixed[at(level * q * m)], q, m);
    }
  }
  for (const ranef::PairBlocks& b : a.pairs) {
    const Index qa = a.groups[at(b.first)].q;
    const Index qb = a.groups[at(b.second)].q;
    for (std::size_t row = 0; row + 1 < b.start.size(); ++row) {
      for (auto k = at(b.start[row]); k < at(b.start[row + 1]); ++k) {
        out.block(offset[at(b.first)] + static_cast<Index>(row) * qa,
                  offset[at(b.second)] + static_cast<Index>(b.level[k]) * qb, qa, qb) =
            Eigen::Map<const Matrix>(&b.values[k * at(qa * qb)], qa, qb);
      }
    }
  }
  out.bottomRightCorner(m, m) = a.fixed;
  return out.selfadjointView<Eigen::Upper>();
}

}  // namespace

NB_MODULE(_core, m) {
  m.doc() = "The compiled core of ranef.";
  m.def("version", [] { return RANEF_VERSION; }, "Version of ranef this core was built for.");
  m.def("use_blas", &use_blas, "blas"_a, "lapack"_a,
        "Take BLAS and LAPACK from SciPy's __pyx_capi__ dictionaries.");

  nb::class_<ranef::CrossProducts>(m, "CrossProducts",
                                   "[Z X y]'W[Z X y] in blocks; sums over disjoint rows add.")
      .def_ro("n", &ranef::CrossProducts::n)
      .def_ro("p", &ranef::CrossProducts::p)
      .def_ro("sum_log_weights", &ranef::CrossProducts::sum_log_weights)
      .def_ro("fixed", &ranef::CrossProducts::fixed)
      .def("dense", &dense)
      .def_prop_ro("sizes",
                   [](const ranef::CrossProducts& a) {
                     std::vector<std::tuple<Index, int>> out;
                     for (const auto& g : a.groups) out.emplace_back(g.n_levels, g.q);
                     return out;
                   })
      .def("__add__", [](const ranef::CrossProducts& a,
                         const ranef::CrossProducts& b) { return ranef::add(a, b); })
      .def("__getstate__", &state_of)
      .def("__setstate__", &restore);

  m.def(
      "cross_products",
      [](const std::vector<GroupArgument>& groups, const ColumnsArgument& fixed,
         const DoubleColumn& response, double y_shift, double y_scale,
         const std::optional<DoubleColumn>& weights) {
        const ranef::RowsView rows = rows_view(groups, fixed, response, y_shift, y_scale, weights,
                                               static_cast<Index>(response.shape(0)));
        nb::gil_scoped_release release;
        return ranef::cross_products(rows);
      },
      "groups"_a, "fixed"_a, "response"_a, "y_shift"_a, "y_scale"_a, "weights"_a.none());

  nb::class_<Workspace>(m, "Workspace", "One criterion with its working memory.")
      .def(nb::init<const ranef::CrossProducts&, bool, double>(), "cross_products"_a, "reml"_a,
           "constant"_a)
      .def("evaluate", &Workspace::evaluate, "lambda_"_a)
      .def("gamma", &Workspace::gamma)
      .def("hessian", &Workspace::hessian, "directions"_a)
      .def("average_information", &Workspace::average_information, "directions"_a)
      .def("moment_start", &Workspace::moment_start, "terms"_a)
      .def("optimise", &Workspace::optimise, "terms"_a, "start"_a, "max_evaluations"_a, "gain"_a)
      .def("modes", &Workspace::modes)
      .def("scores", &Workspace::scores)
      .def("conditional_variances", &Workspace::conditional_variances)
      .def("row_variances", &Workspace::row_variances, "groups"_a, "fixed"_a, "weights"_a.none())
      .def_prop_ro("layout", &Workspace::layout)
      .def_prop_ro("value", [](const Workspace& w) { return w.criterion().value(); })
      .def_prop_ro("r2", [](const Workspace& w) { return w.criterion().r2(); })
      .def_prop_ro("nu", [](const Workspace& w) { return w.criterion().nu(); })
      .def_prop_ro("log_determinant",
                   [](const Workspace& w) { return w.criterion().log_determinant(); })
      .def_prop_ro("log_determinant_x",
                   [](const Workspace& w) { return w.criterion().log_determinant_x(); })
      .def_prop_ro("beta", [](const Workspace& w) { return Vector(w.criterion().beta()); })
      .def_prop_ro("xx_inverse",
                   [](const Workspace& w) { return Matrix(w.criterion().xx_inverse()); });
}
