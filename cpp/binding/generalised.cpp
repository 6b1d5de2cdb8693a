// One generalised model with its working memory, as Python sees it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "alone.hpp"
#include "checks.hpp"
#include "family.hpp"
#include "generalised_rows.hpp"
#include "marginal/laplace.hpp"
#include "marginal/penalised.hpp"
#include "marginal/predictor.hpp"
#include "marginal/quadrature.hpp"
#include "module.hpp"
#include "refit_plan.hpp"
#include "replicate/refit_generalised.hpp"
#include "rows.hpp"
#include "search/marginal_objective.hpp"
#include "search/sampled_start.hpp"
#include "search/solve.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

using Directions = std::vector<std::tuple<int, Matrix>>;
using Blocks = std::vector<std::vector<double>>;

// The marginal likelihood of rows that it holds; one call at a time. What takes long can be stopped
// in the middle; it then has to be evaluated anew.
class Generalised {
 public:
  Generalised(const nb::object& rows, const nb::object& offset, const nb::object& channels,
              int others, const std::string& family, const std::string& link,
              const std::vector<double>& constants, int n_agq,
              const std::vector<ranef::TermPenalty>& priors,
              const std::optional<NormalArgument>& normal,
              const std::vector<std::pair<Index, double>>& held, int threads)
      : family_(family_from(family, link, constants)),
        held_(rows, offset, channels, others, *family_),
        rows_(held_.view()),
        threads_(threads),
        n_agq_(n_agq) {
    if (threads < 1) throw nb::value_error("threads: fewer than one");
    if (n_agq < 1) throw nb::value_error("n_agq: fewer than one");
    for (const ranef::GroupView& group : rows_.rows.groups) {
      q_.push_back(static_cast<int>(group.columns.size()));
      n_levels_.push_back(group.n_levels);
    }
    const auto size = static_cast<Index>(rows_.rows.fixed.size()) + others;
    ranef::Penalty penalty = penalty_from(priors, q_);
    if (normal) normal_ = normal_prior_from(*normal, size);
    hold(held, size);
    nb::gil_scoped_release release;
    ranef::check_codes(rows_.rows, threads);
    std::unique_ptr<ranef::Marginal> made = make(rows_, threads);
    laplace_ = dynamic_cast<ranef::Laplace*>(made.get());
    marginal_.emplace(std::move(made), std::move(penalty), normal_);
  }
  Generalised(const Generalised&) = delete;
  Generalised& operator=(const Generalised&) = delete;

  bool evaluate(const std::vector<Matrix>& lambda, const Vector& coefficients, double tolerance) {
    check_lambda(lambda, q_);
    check_size(coefficients);
    if (!(tolerance >= 0.0)) throw nb::value_error("a tolerance that is negative");
    return run([&] {
      coefficients_ = coefficients;
      return ready_ = marginal_->evaluate(lambda, coefficients, tolerance);
    });
  }

  // Search, certificate, and searches from elsewhere. A start holds coordinates of the covariances
  // and all coefficients.
  ranef::Solved solve(const ranef::Scaling& scaling, const std::optional<Vector>& start,
                      int max_evaluations, double gain, int restarts, bool newton,
                      const EndsArgument& ends) {
    const Index free = marginal_->coefficients() - static_cast<Index>(known_.size());
    const ranef::Chart chart = chart_from(scaling.terms, q_, free);
    if (start && start->size() != chart.covariance_size() + marginal_->coefficients()) {
      throw nb::value_error("a start of another length");
    }
    const std::vector<ranef::CoefficientEnd> limits = ends_from(ends, marginal_->coefficients());
    ranef::SolveControl control;
    control.search = {max_evaluations, gain,
                      newton ? ranef::OptimiseMethod::kNewton : ranef::OptimiseMethod::kLbfgs};
    control.restarts = restarts;
    ranef::Solved found = run([&] {
      std::vector<Matrix> bases;
      for (const ranef::MatrixScaling& z : scaling.z) bases.push_back(z.change());
      const auto begin = [&](const ranef::Chart& of) {
        return start ? *start : found_start(of, limits);
      };
      ranef::MarginalObjective objective(*marginal_, chart, begin, known_, limits);
      ready_ = false;
      start_.reset();
      ranef::Solved out = ranef::solve(objective, bases, {}, control, Interrupted{});
      coefficients_ = out.coefficients;
      return out;
    });
    const ranef::Optimum& best = found.optimum;
    if (best.status == ranef::OptimiseStatus::kInterrupted) throw nb::python_error();
    ready_ = best.status != ranef::OptimiseStatus::kBrokeDown;
    return found;
  }

  // The same model fitted to other responses, one a column.
  ranef::GeneralisedRefits refit(const ranef::Scaling& scaling, const Matrix& responses,
                                 bool ordered, const Vector& again, const RefitPlan& plan,
                                 const EndsArgument& ends) const {
    if (responses.rows() != rows_.rows.n || responses.cols() != plan.count) {
      throw nb::value_error("responses of other rows, or another number of them");
    }
    if (ordered && (family_->channels() != 2 || rows_.channels[0].which == nullptr ||
                    rows_.channels[1].which == nullptr)) {
      throw nb::value_error("no ordered answers");
    }
    return refits(ranef::OtherResponses(rows_, responses, ordered), scaling, again, plan, ends);
  }

  // The same model fitted to levels of its only factor drawn with replacement.
  ranef::GeneralisedRefits refit_drawn(const ranef::Scaling& scaling, const Vector& again,
                                       const RefitPlan& plan, const EndsArgument& ends) const {
    if (rows_.rows.groups.size() != 1) throw nb::value_error("levels of one grouping factor only");
    return refits(ranef::DrawnLevels(rows_, plan.seed, plan.first), scaling, again, plan, ends);
  }

  double value() const { return marginal_->value(); }
  double rounding() const { return marginal_->rounding(); }
  double work() const { return marginal_->work(); }
  int expected_steps() const { return marginal_->expected_steps(); }

  std::vector<Matrix> gamma() {
    require();
    return marginal_->gamma();
  }
  Vector slopes() {
    require();
    return marginal_->slopes();
  }
  Matrix second(const Directions& directions, bool exact) {
    require();
    const std::vector<ranef::Direction> checked = directions_from(directions, q_);
    return run(
        [&] { return exact ? marginal_->exact_second(checked) : marginal_->second(checked); });
  }

  // By grouping factor: (levels, q, 1), (levels, q, q), (levels, q, directions + coefficients).
  std::vector<NumpyBlocks> modes() {
    require();
    return blocks(run([&] { return marginal_->modes(); }), 1);
  }
  std::vector<NumpyBlocks> conditional_variances() {
    require();
    return blocks(run([&] { return marginal_->conditional_variances(); }), 0);
  }
  // Negative codes stand for levels that the model does not have.
  NumpyVector row_variances(const Rows& rows) {
    require();
    const ranef::RowsView& view = rows.view();
    bool fits = view.groups.size() == q_.size();
    for (std::size_t g = 0; fits && g < q_.size(); ++g) {
      fits = view.groups[g].n_levels == n_levels_[g] &&
             static_cast<int>(view.groups[g].columns.size()) == q_[g];
    }
    if (!fits) throw nb::value_error("other rows: of another model");
    for (const ranef::GroupView& group : view.groups) {
      if (view.n > 0 && *std::max_element(group.codes, group.codes + view.n) >= group.n_levels) {
        throw nb::value_error("a level code lies outside of 0 .. n_levels - 1");
      }
    }
    return move_out(run([&] { return marginal_->row_variances(view); }));
  }
  std::vector<NumpyBlocks> mode_derivatives(const Directions& directions) {
    require();
    const std::vector<ranef::Direction> checked = directions_from(directions, q_);
    const auto columns = static_cast<int>(checked.size()) + static_cast<int>(coefficients_.size());
    return blocks(run([&] { return marginal_->mode_derivatives(checked); }), columns);
  }

  // And whether it is complete.
  std::tuple<double, bool> next_term() {
    require();
    const ranef::NextTerm found = run([&] { return marginal_->next_term(); });
    return {found.value, found.complete};
  }

  // Of the rows at the modes, in the order of the data.
  NumpyVector eta() {
    require();
    return move_out(run([&] { return linear_predictor(); }));
  }
  FamilyTables row_derivatives(int order) {
    require();
    const ranef::RowOrder wanted = order_from(order);
    return run([&] { return tables_at(linear_predictor(), coefficients_, wanted); });
  }

  // The start values that the last solve() found for itself: coordinates of the covariances, and
  // all coefficients.
  std::optional<std::pair<Vector, Vector>> start() const {
    if (!start_) return {};
    return std::pair(start_->coordinates, start_->coefficients);
  }
  double separation_margin() const {
    return start_ ? start_->separation_margin : std::numeric_limits<double>::quiet_NaN();
  }
  std::optional<Vector> suspected_direction() const {
    if (!start_ || start_->suspected_direction.size() == 0) return {};
    return start_->suspected_direction;
  }
  int start_looks() const { return start_ ? start_->looks : 0; }
  // dl/deta of the rows at the joint modes of the start, in the order of the data.
  std::optional<Vector> joint_scores() {
    if (!start_) return {};
    return run([&] {
      const std::vector<double> eta =
          ranef::linear_predictor(rows_, start_->coefficients, start_->effects);
      const FamilyTables tables = tables_at(eta, start_->coefficients, ranef::RowOrder::kPass);
      return Vector(std::get<0>(tables).row(1).transpose());
    });
  }

  // As that of a Workspace.
  std::tuple<std::vector<int>, std::vector<int>, Index, Index> layout() const {
    const ranef::Pattern* pattern = marginal_->pattern();
    if (pattern == nullptr) return {{0}, {}, 0, n_levels_[0] * q_[0] * q_[0]};
    std::vector<int> chain;
    std::vector<int> tail;
    Index entries = 0;
    for (const ranef::Stage& stage : pattern->chain) {
      chain.push_back(stage.group);
      entries += static_cast<Index>(stage.diagonal_size() + stage.rest_size());
    }
    for (const ranef::TailGroup& group : pattern->tail) tail.push_back(group.group);
    return {chain, tail, pattern->tail_columns, entries};
  }

 private:
  std::unique_ptr<ranef::Marginal> make(const ranef::GeneralisedRows& rows, int threads) const {
    return n_agq_ == 1 ? ranef::make_laplace(rows, *family_, threads)
                       : ranef::make_quadrature(rows, *family_, n_agq_, threads);
  }

  ranef::GeneralisedRefits refits(const ranef::RowReplicates& replicates,
                                  const ranef::Scaling& scaling, const Vector& again,
                                  const RefitPlan& plan, const EndsArgument& ends) const {
    if (!known_.empty()) throw nb::value_error("refits with coefficients held");
    const ranef::Chart chart = chart_from(scaling.terms, q_, marginal_->coefficients());
    ranef::RefittedModel model{[this](const ranef::GeneralisedRows& rows) { return make(rows, 1); },
                               marginal_->penalty(),
                               normal_,
                               chart,
                               {},
                               ends_from(ends, marginal_->coefficients())};
    for (const ranef::MatrixScaling& z : scaling.z) model.bases.push_back(z.change());
    return run_refits(replicates, model, again, plan);
  }

  template <class Call>
  auto run(const Call& call) -> decltype(call()) {
    return stoppable(busy_, ready_, call);
  }

  void require() const {
    if (!ready_) throw nb::value_error("evaluate() has not succeeded yet");
  }
  void check_size(const Vector& coefficients) const {
    if (coefficients.size() != marginal_->coefficients()) {
      throw nb::value_error("coefficients: another number");
    }
  }

  void hold(const std::vector<std::pair<Index, double>>& held, Index size) {
    std::vector<bool> seen(at(size), false);
    for (const auto& [index, value] : held) {
      if (index < 0 || index >= size || seen[at(index)] || !std::isfinite(value)) {
        throw nb::value_error(
            "held: not a coefficient, or twice, or at a value that is not finite");
      }
      seen[at(index)] = true;
      known_.push_back({index, value});
    }
  }

  // Start values, whose modes are where the first evaluation begins.
  Vector found_start(const ranef::Chart& chart, const std::vector<ranef::CoefficientEnd>& ends) {
    std::optional<ranef::Laplace> other;
    ranef::Laplace& laplace =
        laplace_ != nullptr ? *laplace_ : other.emplace(rows_, *family_, threads_);
    const ranef::StartControl keep = {marginal_->penalty(), marginal_->normal(), known_, ends};
    start_ = ranef::start_values(laplace, *family_, chart, keep, Interrupted{});
    marginal_->begin_at(start_->dual);
    Vector out(start_->coordinates.size() + start_->coefficients.size());
    out << start_->coordinates, start_->coefficients;
    return out;
  }

  FamilyTables tables_at(const std::vector<double>& eta, const Vector& coefficients,
                         ranef::RowOrder order) const {
    const std::vector<double> y = ranef::column_values(rows_.rows.response, rows_.rows.n);
    std::vector<std::vector<double>> psi;
    for (const ranef::Channel& channel : rows_.channels) {
      psi.push_back(ranef::channel_predictor(rows_, channel, coefficients));
    }
    ranef::FamilyRows rows{rows_.rows.n, eta.data(), {}, y.data(), rows_.rows.weights};
    for (std::size_t c = 0; c < psi.size(); ++c) rows.psi[c] = psi[c].data();
    return tables_of(*family_, rows, order);
  }

  std::vector<double> linear_predictor() {
    return ranef::linear_predictor(rows_, coefficients_, marginal_->modes());
  }

  // `columns` of each level's block; 0: as many as rows.
  std::vector<NumpyBlocks> blocks(Blocks values, int columns) const {
    std::vector<NumpyBlocks> out;
    for (std::size_t g = 0; g < values.size(); ++g) {
      out.push_back(
          move_out(std::move(values[g]), n_levels_[g], q_[g], columns == 0 ? q_[g] : columns));
    }
    return out;
  }

  std::unique_ptr<ranef::Family> family_;
  HeldGeneralisedRows held_;
  const ranef::GeneralisedRows& rows_;
  std::vector<int> q_;
  std::vector<Index> n_levels_;
  std::vector<ranef::HeldCoefficient> known_;
  std::optional<ranef::NormalPrior> normal_;
  std::optional<ranef::Penalised> marginal_;
  ranef::Laplace* laplace_ = nullptr;  // which it holds, if it is that
  int threads_;
  int n_agq_;
  std::optional<ranef::Start> start_;
  Vector coefficients_;  // of the last evaluation
  bool ready_ = false;
  std::atomic<bool> busy_ = false;
};

}  // namespace

void bind_generalised(nb::module_& m) {
  nb::class_<Generalised>(m, "Generalised",
                          "The marginal likelihood of a generalised model with its working memory.")
      .def(nb::init<const nb::object&, const nb::object&, const nb::object&, int,
                    const std::string&, const std::string&, const std::vector<double>&, int,
                    const std::vector<ranef::TermPenalty>&, const std::optional<NormalArgument>&,
                    const std::vector<std::pair<Index, double>>&, int>(),
           "rows"_a, "offset"_a.none(), "channels"_a, "others"_a, "family"_a, "link"_a,
           "constants"_a, "n_agq"_a, "priors"_a, "normal"_a.none(), "held"_a, "threads"_a,
           nb::sig("def __init__(self, rows: Rows, "
                   "offset: numpy.typing.NDArray[numpy.float64] | None, "
                   "channels: Sequence[Channel], others: int, family: str, link: str, "
                   "constants: Sequence[float], n_agq: int, priors: Sequence[TermPenalty], "
                   "normal: tuple[numpy.typing.NDArray[numpy.float64], "
                   "numpy.typing.NDArray[numpy.float64], float] | None, "
                   "held: Sequence[tuple[int, float]], threads: int) -> None"))
      .def("evaluate", &Generalised::evaluate, "lambda_"_a, "coefficients"_a, "tolerance"_a)
      .def("solve", &Generalised::solve, "scaling"_a, "start"_a.none(), "max_evaluations"_a,
           "gain"_a, "restarts"_a, "newton"_a, "ends"_a = nb::list())
      .def("refit", &Generalised::refit, "scaling"_a, "responses"_a, "ordered"_a, "again"_a,
           "plan"_a, "ends"_a)
      .def("refit_drawn", &Generalised::refit_drawn, "scaling"_a, "again"_a, "plan"_a, "ends"_a)
      .def("gamma", &Generalised::gamma)
      .def("slopes", &Generalised::slopes)
      .def("second", &Generalised::second, "directions"_a, "exact"_a = true)
      .def("modes", &Generalised::modes)
      .def("conditional_variances", &Generalised::conditional_variances)
      .def("row_variances", &Generalised::row_variances, "rows"_a)
      .def("next_term", &Generalised::next_term)
      .def("mode_derivatives", &Generalised::mode_derivatives, "directions"_a)
      .def("eta", &Generalised::eta)
      .def("row_derivatives", &Generalised::row_derivatives, "order"_a)
      .def_prop_ro("value", &Generalised::value)
      .def_prop_ro("rounding", &Generalised::rounding)
      .def_prop_ro("expected_steps", &Generalised::expected_steps)
      .def_prop_ro("work", &Generalised::work)
      .def_prop_ro("start", &Generalised::start)
      .def_prop_ro("start_looks", &Generalised::start_looks)
      .def_prop_ro("separation_margin", &Generalised::separation_margin)
      .def_prop_ro("suspected_direction", &Generalised::suspected_direction)
      .def("joint_scores", &Generalised::joint_scores)
      .def_prop_ro("layout", &Generalised::layout);
}

}  // namespace ranef::binding
