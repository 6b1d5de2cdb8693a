// One problem with its working memory, as Python sees it.
#include <algorithm>
#include <atomic>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "alone.hpp"
#include "arrays.hpp"
#include "checks.hpp"
#include "criterion/criterion.hpp"
#include "criterion/joint_inverse.hpp"
#include "curvature/curvature.hpp"
#include "module.hpp"
#include "residual.hpp"
#include "rows.hpp"
#include "search/linear_objective.hpp"
#include "search/optimise.hpp"
#include "search/solve.hpp"
#include "search/start.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

ranef::Arranged with_fixed_rows(ranef::Arranged arranged, const std::optional<Matrix>& rows) {
  if (rows) {
    if (rows->cols() != arranged->m) throw nb::value_error("rows of another width than [X y]");
    ranef::add_fixed_rows(arranged.numbers, *rows);
  }
  return arranged;
}

ranef::OptimiseMethod method(bool newton) {
  return newton ? ranef::OptimiseMethod::kNewton : ranef::OptimiseMethod::kLbfgs;
}

// One problem with its working memory; one call at a time. What takes long can be
// stopped in the middle; the criterion then has to be evaluated anew.
class Workspace {
 public:
  Workspace(const ranef::CrossProducts& a, bool reml, double constant,
            const std::vector<ranef::TermPenalty>& priors, const std::optional<Matrix>& fixed_rows,
            int threads, const std::vector<const ranef::CrossProducts*>& basis,
            const ResidualArgument* residual)
      : arranged_(with_fixed_rows(ranef::arrange(a, threads), fixed_rows)),
        fixed_rows_(fixed_rows.value_or(Matrix())),
        criterion_(arranged_, reml, constant, penalty_from(priors, arranged_->q), threads) {
    if (residual == nullptr) return;
    if (static_cast<int>(basis.size()) != residual->itself().terms()) {
      throw nb::value_error("cross-products of another structure of residuals");
    }
    std::vector<ranef::Numbers> numbers;
    for (const ranef::CrossProducts* one : basis) {
      if (one == nullptr || one->groups.size() != arranged_->q.size()) {
        throw nb::value_error("cross-products of another model");
      }
      numbers.push_back(ranef::arrange_numbers(*arranged_, *one, threads));
    }
    // The first of them always has the coefficient one: the rows of a prior go there.
    if (fixed_rows) ranef::add_fixed_rows(numbers.front(), *fixed_rows);
    residual_.emplace(residual->make(), std::move(numbers), arranged_.numbers);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // From now on what is left of X and y is summed over these rows, those of the cross-products.
  void refine(const Rows& rows) {
    const ranef::RowsView& view = rows.view();
    check_rows(arranged_, view, fixed_rows_.rows());
    ready_ = false;
    stoppable([&] { criterion_.refine(view, fixed_rows_); });
  }

  // Sets the sigma of all later evaluations; without one, sigma is profiled out.
  void at_sigma(const std::optional<double>& sigma) {
    if (sigma && !(*sigma > 0.0)) throw nb::value_error("sigma is not positive");
    ready_ = false;
    stoppable([&] { sigma ? criterion_.fix_sigma(*sigma) : criterion_.profile_sigma(); });
  }

  bool evaluate(const std::vector<Matrix>& lambda) {
    check(lambda);
    return stoppable([&] { return ready_ = criterion_.evaluate(lambda); });
  }

  std::vector<Matrix> gamma() {
    require();
    return stoppable([&] { return criterion_.gamma(); });
  }

  ranef::Curvature hessian(const std::vector<std::tuple<int, Matrix>>& directions) {
    require();
    const std::vector<ranef::Direction> checked = directions_from(directions, arranged_->q);
    return stoppable([&] { return ranef::curvature(criterion_, checked); });
  }

  Matrix average_information(const std::vector<std::tuple<int, Matrix>>& directions) {
    require();
    const std::vector<ranef::Direction> checked = directions_from(directions, arranged_->q);
    return stoppable([&] { return ranef::average_information(criterion_, checked); });
  }

  Vector moment_start(const std::vector<ranef::Term>& terms) {
    const ranef::Chart chart = chart_from(terms, arranged_->q);
    return stoppable(
        [&] { return ranef::moment_start(arranged_, criterion_.nu(), criterion_.reml(), chart); });
  }

  ranef::Optimum optimise(const std::vector<ranef::Term>& terms, const Vector& start,
                          int max_evaluations, double gain, bool newton) {
    const ranef::Chart chart = chart_from(terms, arranged_->q);
    if (start.size() != chart.size()) throw nb::value_error("theta has another length");
    ranef::Optimum best = stoppable([&] {
      ranef::LinearObjective objective(criterion_, chart);
      return ranef::optimise(objective, start, {max_evaluations, gain, method(newton)},
                             Interrupted{});
    });
    if (best.status == ranef::OptimiseStatus::kInterrupted) throw nb::python_error();
    ready_ = best.status != ranef::OptimiseStatus::kBrokeDown;
    return best;
  }

  // The evidence about theta, where the criterion stands.
  ranef::Evidence evidence(const std::vector<ranef::Term>& terms, const Vector& theta,
                           const std::vector<Matrix>& bases) {
    require();
    const ranef::Chart chart = chart_from(terms, arranged_->q);
    check(chart, theta, bases);
    return stoppable([&] {
      ranef::LinearObjective objective(criterion_, chart);
      objective.stands_at(theta);
      return ranef::evidence(objective, theta, bases);
    });
  }

  // Search, certificate, and searches from elsewhere. Without a start: moments.
  ranef::Solved solve(const ranef::Scaling& scaling, const std::optional<Vector>& start,
                      int max_evaluations, double gain, int restarts, bool newton, int threads) {
    const Index others = residual_ ? residual_->size() : 0;
    const ranef::Chart chart = chart_from(scaling.terms, arranged_->q, others);
    const Index size = chart.covariance_size();
    if (start && start->size() != size && start->size() != size + others) {
      throw nb::value_error("theta has another length");
    }
    ranef::SolveControl control;
    control.search = {max_evaluations, gain, method(newton)};
    control.restarts = restarts;
    ranef::Solved found = stoppable([&] {
      criterion_.set_threads(threads);
      std::vector<Matrix> bases;
      for (const ranef::MatrixScaling& z : scaling.z) bases.push_back(z.change());
      ranef::LinearObjective objective(criterion_, chart, residual_ ? &*residual_ : nullptr,
                                       threads);
      return ranef::solve(objective, bases, start, control, Interrupted{});
    });
    const ranef::Optimum& best = found.optimum;
    if (best.status == ranef::OptimiseStatus::kInterrupted) throw nb::python_error();
    ready_ = best.status != ranef::OptimiseStatus::kBrokeDown;
    return found;
  }

  // b of y - X beta, by group: (levels, q, 1); E = Z'V^-1 [X y] by group: (levels, q, p + 1).
  std::vector<NumpyBlocks> modes() {
    require();
    Vector v(arranged_->m);
    v.head(arranged_->p) = -criterion_.beta();
    v(arranged_->p) = 1.0;
    std::vector<std::vector<double>> b;
    std::vector<std::vector<double>> e;
    predictors(v, b, e);
    std::vector<NumpyBlocks> out;
    for (std::size_t g = 0; g < b.size(); ++g) {
      out.push_back(move_out(std::move(b[g]), arranged_->n_levels[g], arranged_->q[g], 1));
    }
    return out;
  }

  std::vector<NumpyBlocks> scores() {
    std::vector<std::vector<double>> b;
    std::vector<std::vector<double>> e;
    predictors(Matrix::Identity(arranged_->m, arranged_->m), b, e);
    std::vector<NumpyBlocks> out;
    for (std::size_t g = 0; g < e.size(); ++g) {
      out.push_back(
          move_out(std::move(e[g]), arranged_->n_levels[g], arranged_->q[g], arranged_->m));
    }
    return out;
  }

  std::vector<NumpyBlocks> conditional_variances() {
    require();
    std::vector<std::vector<double>> blocks =
        stoppable([&] { return ranef::conditional_variances(criterion_); });
    std::vector<NumpyBlocks> out;
    for (std::size_t g = 0; g < blocks.size(); ++g) {
      out.push_back(
          move_out(std::move(blocks[g]), arranged_->n_levels[g], arranged_->q[g], arranged_->q[g]));
    }
    return out;
  }

  // Negative codes stand for levels that the problem does not have.
  NumpyVector row_variances(const Rows& rows) {
    require();
    const ranef::RowsView& view = rows.view();
    if (view.groups.empty()) throw nb::value_error("no grouping factor");
    check_new_rows(arranged_, view);
    return move_out(stoppable([&] { return ranef::row_variances(criterion_, view); }));
  }

  Index tail_columns() const { return arranged_->tail_columns; }

  // Groups eliminated block by block, groups in the dense tail, tail columns, entries kept.
  std::tuple<std::vector<int>, std::vector<int>, Index, Index> layout() const {
    std::vector<int> chain;
    std::vector<int> tail;
    Index entries = 0;
    for (const ranef::Stage& stage : arranged_->chain) {
      chain.push_back(stage.group);
      entries += static_cast<Index>(stage.diagonal_size() + stage.rest_size());
    }
    for (const ranef::TailGroup& group : arranged_->tail) tail.push_back(group.group);
    return {chain, tail, arranged_->tail_columns, entries};
  }

  // Numbers in a matrix over the tail, and whether all factors have one column and one is chained.
  std::tuple<Index, bool> tail() const {
    const bool scalar =
        arranged_->chain.size() == 1 &&
        std::all_of(arranged_->q.begin(), arranged_->q.end(), [](int q) { return q == 1; });
    return {arranged_->tail_pattern.entries(), scalar};
  }

  const ranef::Criterion& criterion() const { return criterion_; }

 private:
  template <class Call>
  auto stoppable(const Call& call) -> decltype(call()) {
    return binding::stoppable(busy_, ready_, call);
  }
  void check(const std::vector<Matrix>& lambda) const { check_lambda(lambda, arranged_->q); }
  static void check(const ranef::Chart& chart, const Vector& theta,
                    const std::vector<Matrix>& bases) {
    if (theta.size() != chart.size()) throw nb::value_error("theta has another length");
    if (bases.size() != chart.terms().size()) throw nb::value_error("one basis for each term");
    for (std::size_t k = 0; k < bases.size(); ++k) {
      const int q = chart.terms()[k].q;
      if (bases[k].rows() != q || bases[k].cols() != q) {
        throw nb::value_error("a basis has another size than its term");
      }
    }
  }
  void require() const {
    if (!ready_) throw nb::value_error("evaluate() has not succeeded yet");
  }
  void predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                  std::vector<std::vector<double>>& e) {
    require();
    stoppable([&] { criterion_.predictors(v, b, e); });
  }

  ranef::Arranged arranged_;
  Matrix fixed_rows_;  // of it, those without random effects
  ranef::Criterion criterion_;
  std::optional<ranef::ResidualBasis> residual_;
  bool ready_ = false;
  std::atomic<bool> busy_ = false;
};

}  // namespace

void bind_workspace(nb::module_& m) {
  using ranef::HessianPath;
  nb::enum_<HessianPath>(m, "HessianPath", "Which exact Hessian serves a layout.")
      .value("SUMS_OVER_LEVELS", HessianPath::kSumsOverLevels)
      .value("TRACE_PRODUCTS", HessianPath::kTraceProducts)
      .value("NESTED", HessianPath::kNested)
      .value("TALL_PRODUCTS", HessianPath::kTallProducts);

  nb::class_<Workspace>(m, "Workspace", "One criterion with its working memory.")
      .def(nb::init<const ranef::CrossProducts&, bool, double,
                    const std::vector<ranef::TermPenalty>&, const std::optional<Matrix>&, int,
                    const std::vector<const ranef::CrossProducts*>&, const ResidualArgument*>(),
           "cross_products"_a, "reml"_a, "constant"_a, "priors"_a, "fixed_rows"_a.none(),
           "threads"_a, "basis"_a = std::vector<const ranef::CrossProducts*>{},
           "residual"_a.none() = nb::none())
      .def("at_sigma", &Workspace::at_sigma, "sigma"_a.none())
      .def("evaluate", &Workspace::evaluate, "lambda_"_a)
      .def("refine", &Workspace::refine, "rows"_a)
      .def("gamma", &Workspace::gamma)
      .def("hessian", &Workspace::hessian, "directions"_a)
      .def("average_information", &Workspace::average_information, "directions"_a)
      .def("moment_start", &Workspace::moment_start, "terms"_a)
      .def("optimise", &Workspace::optimise, "terms"_a, "start"_a, "max_evaluations"_a, "gain"_a,
           "newton"_a)
      .def("evidence", &Workspace::evidence, "terms"_a, "theta"_a, "bases"_a)
      .def("solve", &Workspace::solve, "scaling"_a, "start"_a.none(), "max_evaluations"_a, "gain"_a,
           "restarts"_a, "newton"_a, "threads"_a)
      .def("modes", &Workspace::modes)
      .def("scores", &Workspace::scores)
      .def("conditional_variances", &Workspace::conditional_variances)
      .def("row_variances", &Workspace::row_variances, "rows"_a)
      .def_prop_ro("tail_columns", &Workspace::tail_columns)
      .def_prop_ro("layout", &Workspace::layout)
      .def_prop_ro("tail", &Workspace::tail)
      .def_prop_ro("hessian_path",
                   [](const Workspace& w) { return ranef::hessian_path(w.criterion().pattern()); })
      .def_prop_ro("value", [](const Workspace& w) { return w.criterion().value(); })
      .def_prop_ro("rounding", [](const Workspace& w) { return w.criterion().rounding(); })
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
