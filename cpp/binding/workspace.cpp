// One problem with its working memory, as Python sees it.
#include <chrono>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "criterion.hpp"
#include "joint_inverse.hpp"
#include "module.hpp"
#include "optimise.hpp"
#include "penalties.hpp"
#include "start.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

std::vector<ranef::Direction> directions_from(
    const std::vector<std::tuple<int, Matrix>>& directions) {
  std::vector<ranef::Direction> out;
  for (const auto& [group, d] : directions) out.push_back({group, d});
  return out;
}

ranef::Problem with_fixed_rows(ranef::Problem problem, const Matrix& rows) {
  if (rows.rows() > 0) {
    if (rows.cols() != problem.m) throw nb::value_error("rows of another width than [X y]");
    ranef::add_fixed_rows(problem, rows);
  }
  return problem;
}

// One problem with its working memory. Not to be shared between threads.
class Workspace {
 public:
  Workspace(const ranef::CrossProducts& a, bool reml, double constant,
            const std::vector<PenaltyArgument>& priors, const Matrix& fixed_rows)
      : problem_(with_fixed_rows(ranef::arrange(a), fixed_rows)),
        criterion_(problem_, reml, constant, penalty_from(priors)) {}
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
                     int max_evaluations, double gain, bool newton) {
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
      const auto method = newton ? ranef::OptimiseMethod::kNewton : ranef::OptimiseMethod::kLbfgs;
      best =
          ranef::optimise(criterion_, chart, start, {max_evaluations, gain, method}, interrupted);
    }
    if (best.status == ranef::OptimiseStatus::kInterrupted) throw nb::python_error();
    ready_ = best.status != ranef::OptimiseStatus::kBrokeDown;
    nb::list log;
    for (const ranef::OptimiseRecord& r : best.log) {
      log.append(nb::make_tuple(r.value, r.predicted_gain, r.radius, r.accepted));
    }
    return nb::make_tuple(best.theta, best.value, static_cast<int>(best.status), best.evaluations,
                          best.escapes, best.method == ranef::OptimiseMethod::kNewton, log);
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

}  // namespace

void bind_workspace(nb::module_& m) {
  nb::class_<Workspace>(m, "Workspace", "One criterion with its working memory.")
      .def(nb::init<const ranef::CrossProducts&, bool, double, const std::vector<PenaltyArgument>&,
                    const Matrix&>(),
           "cross_products"_a, "reml"_a, "constant"_a, "priors"_a, "fixed_rows"_a)
      .def("evaluate", &Workspace::evaluate, "lambda_"_a)
      .def("gamma", &Workspace::gamma)
      .def("hessian", &Workspace::hessian, "directions"_a)
      .def("average_information", &Workspace::average_information, "directions"_a)
      .def("moment_start", &Workspace::moment_start, "terms"_a)
      .def("optimise", &Workspace::optimise, "terms"_a, "start"_a, "max_evaluations"_a, "gain"_a,
           "newton"_a = true)
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

}  // namespace ranef::binding
