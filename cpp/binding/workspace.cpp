// One problem with its working memory, as Python sees it.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
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
#include "curvature/information.hpp"
#include "module.hpp"
#include "residual.hpp"
#include "rows.hpp"
#include "search/iterative_solve.hpp"
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

// Seed, directions and probes to begin with, and the goals of solve_iteratively().
using IterativeArgument = std::tuple<std::uint64_t, Index, Index, double, double>;

ranef::Arranged arranged_from(const ranef::CrossProducts& a, int threads, bool iterative) {
  if (!iterative) return ranef::arrange(a, threads);
  ranef::Arranged out;
  out.pattern = ranef::make_outline(a);
  if (out->tail.empty()) throw nb::value_error("there are no crossed factors");
  out.numbers.n = a.n;
  out.numbers.sum_log_weights = a.sum_log_weights;
  out.numbers.fixed = a.fixed;
  return out;
}

ranef::Criterion criterion_from(const ranef::Arranged& arranged, const ranef::CrossProducts& a,
                                bool reml, double constant, ranef::Penalty penalty, int threads,
                                const std::optional<IterativeArgument>& iterative) {
  if (!iterative) return {arranged, reml, constant, std::move(penalty), threads};
  ranef::IterativeControl control;
  control.seed = std::get<0>(*iterative);
  control.deflated = std::get<1>(*iterative);
  control.probes = std::get<2>(*iterative);
  if (control.deflated < 0 || control.probes < 2) throw nb::value_error("two probes at least");
  return {arranged,
          std::make_unique<ranef::IterativeFactor>(a, *arranged, arranged.numbers.fixed, threads,
                                                   control),
          reml, constant, std::move(penalty)};
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
            const ResidualArgument* residual, const std::optional<IterativeArgument>& iterative,
            bool average)
      : arranged_(with_fixed_rows(arranged_from(a, threads, iterative.has_value()), fixed_rows)),
        fixed_rows_(fixed_rows.value_or(Matrix())),
        criterion_(criterion_from(arranged_, a, reml, constant, penalty_from(priors, arranged_->q),
                                  threads, iterative)),
        average_(average) {
    if (iterative) goal_ = {std::get<3>(*iterative), std::get<4>(*iterative)};
    if (residual == nullptr) return;
    if (iterative) throw ranef::NeedsExact();
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
    return stoppable([&] {
      return average_ ? ranef::average_curvature(criterion_, checked)
                      : ranef::curvature(criterion_, checked);
    });
  }

  Matrix average_information(const std::vector<std::tuple<int, Matrix>>& directions) {
    require();
    const std::vector<ranef::Direction> checked = directions_from(directions, arranged_->q);
    return stoppable([&] { return ranef::average_information(criterion_, checked); });
  }

  Vector moment_start(const std::vector<ranef::Term>& terms) {
    const ranef::Chart chart = chart_from(terms, arranged_->q);
    return stoppable([&]() -> Vector {
      if (iterative()) return ranef::IterativeObjective(criterion_, chart).start();
      return ranef::moment_start(arranged_, criterion_.nu(), criterion_.reml(), chart);
    });
  }

  ranef::Optimum optimise(const std::vector<ranef::Term>& terms, const Vector& start,
                          int max_evaluations, double gain, bool newton) {
    const ranef::Chart chart = chart_from(terms, arranged_->q);
    if (start.size() != chart.size()) throw nb::value_error("theta has another length");
    ranef::Optimum best = stoppable([&] {
      const auto objective = objective_on(chart);
      const double enough = iterative() ? std::max(gain, ranef::kEstimatedGain) : gain;
      return ranef::optimise(*objective, start, {max_evaluations, enough, method(newton)},
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
      const auto objective = objective_on(chart);
      objective->stands_at(theta);
      return ranef::evidence(*objective, theta, bases);
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
      if (iterative()) {
        ranef::IterativeObjective objective(criterion_, chart);
        return ranef::solve_iteratively(objective, bases, start, control, goal_, Interrupted{});
      }
      ranef::LinearObjective objective(criterion_, chart, residual_ ? &*residual_ : nullptr,
                                       threads, average_);
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

  // Standard errors of the diagonals of conditional_variances(): (levels, q); none where exact.
  std::vector<NumpyVector> conditional_variance_errors() {
    require();
    std::vector<std::vector<double>> errors =
        stoppable([&] { return ranef::estimated_variances(criterion_).errors; });
    std::vector<NumpyVector> out;
    for (std::vector<double>& own : errors) out.push_back(move_out(std::move(own)));
    return out;
  }

  // Where it stands: error of theta in standard errors, error of the criterion, directions, probes,
  // iterations of the longest solve, and the errors of the coordinates of the face. None where the
  // factorisation is exact.
  std::optional<std::tuple<double, double, Index, Index, int, Vector>> estimation(
      const std::vector<ranef::Term>& terms, const Vector& theta) {
    if (!iterative()) return std::nullopt;
    require();
    const ranef::Chart chart = chart_from(terms, arranged_->q);
    if (theta.size() != chart.size()) throw nb::value_error("theta has another length");
    const ranef::EstimationError error = stoppable([&] {
      ranef::IterativeObjective objective(criterion_, chart);
      objective.stands_at(theta);
      return ranef::estimation_error(objective, theta);
    });
    return std::tuple{error.step,   error.criterion,  error.deflated,
                      error.probes, error.iterations, error.steps};
  }

  // The largest relative error of covariances at theta, if the coordinates of the face are off by
  // `steps` (the last of estimation()).
  double covariance_error(const std::vector<ranef::Term>& terms, const Vector& theta,
                          const Vector& steps) const {
    const ranef::Chart chart = chart_from(terms, arranged_->q);
    if (theta.size() != chart.size()) throw nb::value_error("theta has another length");
    if (steps.size() != ranef::face_at(chart, theta).covariance_size())
      throw nb::value_error("steps have another length");
    return ranef::covariance_error(chart, theta, steps);
  }

  // What each probe says of log|M|; empty where it is exact.
  Vector log_determinants() const {
    const auto* factor = criterion_.iterative();
    if (factor == nullptr) return {};
    const std::vector<double> values = factor->log_determinants();
    return Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
  }

  // Negative codes stand for levels that the problem does not have.
  NumpyVector row_variances(const Rows& rows) {
    require();
    const ranef::RowsView& view = rows.view();
    if (view.groups.empty()) throw nb::value_error("no grouping factor");
    check_new_rows(arranged_, view);
    ranef::check_solvable(criterion_, view);
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
    if (const auto* factor = criterion_.iterative()) entries = static_cast<Index>(factor->work());
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
  bool average() const { return average_; }
  bool iterative() const { return criterion_.iterative() != nullptr; }

 private:
  // With independent residuals of one variance.
  std::unique_ptr<ranef::LinearObjective> objective_on(const ranef::Chart& chart) {
    if (iterative()) return std::make_unique<ranef::IterativeObjective>(criterion_, chart);
    return std::make_unique<ranef::LinearObjective>(criterion_, chart, nullptr, 1, average_);
  }
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
  bool average_;  // information in place of exact second derivatives
  std::optional<ranef::ResidualBasis> residual_;
  ranef::IterativeGoal goal_;
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
      .value("TALL_PRODUCTS", HessianPath::kTallProducts)
      .value("AVERAGE", HessianPath::kAverage);

  nb::exception<ranef::NeedsExact>(m, "NeedsExact", PyExc_RuntimeError);

  nb::class_<Workspace>(m, "Workspace", "One criterion with its working memory.")
      .def(nb::init<const ranef::CrossProducts&, bool, double,
                    const std::vector<ranef::TermPenalty>&, const std::optional<Matrix>&, int,
                    const std::vector<const ranef::CrossProducts*>&, const ResidualArgument*,
                    const std::optional<IterativeArgument>&, bool>(),
           "cross_products"_a, "reml"_a, "constant"_a, "priors"_a, "fixed_rows"_a.none(),
           "threads"_a, "basis"_a = std::vector<const ranef::CrossProducts*>{},
           "residual"_a.none() = nb::none(), "iterative"_a.none() = nb::none(), "average"_a = false)
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
      .def("conditional_variance_errors", &Workspace::conditional_variance_errors)
      .def("estimation", &Workspace::estimation, "terms"_a, "theta"_a)
      .def("covariance_error", &Workspace::covariance_error, "terms"_a, "theta"_a, "steps"_a)
      .def_prop_ro("log_determinants", &Workspace::log_determinants)
      .def_prop_ro("iterative", &Workspace::iterative)
      .def("row_variances", &Workspace::row_variances, "rows"_a)
      .def_prop_ro("tail_columns", &Workspace::tail_columns)
      .def_prop_ro("layout", &Workspace::layout)
      .def_prop_ro("tail", &Workspace::tail)
      .def_prop_ro("hessian_path",
                   [](const Workspace& w) {
                     return w.average() ? HessianPath::kAverage
                                        : ranef::hessian_path(w.criterion());
                   })
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
