#include "marginal/quadrature.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "linalg/parallel.hpp"
#include "marginal/hermite.hpp"
#include "marginal/level_nodes.hpp"
#include "marginal/level_rows.hpp"
#include "marginal/level_run.hpp"
#include "marginal/louis.hpp"
#include "marginal/mode_slopes.hpp"
#include "marginal/predictor.hpp"
#include "marginal/root_map.hpp"

namespace ranef {

namespace {

// Levels that are computed together: their rows stay in the first caches.
constexpr Index kRunRows = 512;
constexpr Index kRunLevels = 128;

// The modes' equations are solved as far as a step still shows in F. Passes over the rows at the
// modes are few beside those at the nodes.
constexpr double kTight = 1e-12;

struct Run {
  Index first;
  Index last;
};

std::vector<Run> runs_of(const LevelRows& rows) {
  std::vector<Run> out;
  for (Index j = 0; j < rows.levels();) {
    Run run{j, j};
    while (run.last < rows.levels() && run.last - run.first < kRunLevels &&
           (run.last == run.first ||
            rows.start[at(run.last + 1)] - rows.start[at(run.first)] <= kRunRows)) {
      ++run.last;
    }
    out.push_back(run);
    j = run.last;
  }
  return out;
}

Vector column_sizes(const LevelRows& rows) {
  Vector out = Vector::Zero(rows.q);
  for (Index i = 0; i < rows.n; ++i) {
    for (int a = 0; a < rows.q; ++a) out(a) += std::pow(rows.z[at(i * rows.q + a)], 2);
  }
  out = (out / static_cast<double>(std::max<Index>(rows.n, 1))).cwiseSqrt();
  return out.unaryExpr([](double v) { return v > 0.0 ? v : 1.0; });
}

// F and its first derivatives at one point.
struct Point {
  Parameters at;
  NodeSums sums;
  LevelResults levels;
  std::vector<Matrix> gamma;
};

// Where modes are extrapolated from: e and its derivatives.
struct Anchor {
  Parameters at;
  std::vector<double> dual;
  std::vector<double> slopes;
};

class Quadrature final : public Marginal {
 public:
  Quadrature(const GeneralisedRows& rows, const Family& family, int nodes, int threads)
      : rows_(level_rows(rows)), family_(family), threads_(threads), lower_(rows_.q) {
    if (rows_.q < 1 || rows_.q > 3) {
      throw std::invalid_argument("quadrature takes one to three random effects by level");
    }
    if (nodes < 1 || nodes > most_nodes(rows_.q)) {
      throw std::invalid_argument("the number of nodes is out of range");
    }
    nodes_ = nodes;
    rule_ = product_rule(nodes, rows_.q);
    runs_ = runs_of(rows_);
    scale_ = column_sizes(rows_);
    dual_.assign(at(rows_.levels() * rows_.q), 0.0);
  }

  Index coefficients() const override { return rows_.coefficients; }

  bool evaluate(const std::vector<Matrix>& lambda, const Vector& coefficients,
                double tolerance) override {
    point_ = stand_at({lambda.front(), coefficients}, tolerance);
    if (point_.sums.fine) dual_ = point_.levels.dual;
    return point_.sums.fine;
  }

  void begin_at(const std::vector<std::vector<double>>& dual) override {
    dual_ = dual.front();
    anchor_.reset();
  }

  double value() const override { return point_.sums.value; }
  double rounding() const override {
    return 2.0 * std::numeric_limits<double>::epsilon() * point_.sums.size;
  }
  const std::vector<Matrix>& gamma() override { return point_.gamma; }
  const Vector& slopes() override { return point_.sums.slopes; }

  Matrix second(const std::vector<Direction>& directions) override {
    if (nodes_ < 3) return exact_second(directions);
    anchor();
    const std::vector<RootChange> changes = root_changes(directions);
    return along(louis(needs_rest(changes)), changes);
  }

  bool second_is_exact() const override { return nodes_ < 3; }

  Matrix exact_second(const std::vector<Direction>& directions) override {
    anchor();
    const std::vector<RootChange> changes = root_changes(directions);
    Matrix h = louis(needs_rest(changes));
    const Index own = lower_.size() + rows_.coefficients;
    h.topLeftCorner(own, own) = differences(h.diagonal().head(own));
    return along(h, changes);
  }

  std::vector<std::vector<double>> modes() override {
    std::vector<double> out(point_.levels.u.size());
    const Index q = rows_.q;
    for (Index j = 0; j < rows_.levels(); ++j) {
      Eigen::Map<Vector>(&out[at(j * q)], q) =
          point_.at.lambda * Eigen::Map<const Vector>(&point_.levels.u[at(j * q)], q);
    }
    return {std::move(out)};
  }

  std::vector<std::vector<double>> conditional_variances() override {
    std::vector<double> out(point_.levels.covariance.size());
    const Index q = rows_.q;
    for (Index j = 0; j < rows_.levels(); ++j) {
      Eigen::Map<Matrix>(&out[at(j * q * q)], q, q) =
          point_.at.lambda *
          Eigen::Map<const Matrix>(&point_.levels.covariance[at(j * q * q)], q, q) *
          point_.at.lambda.transpose();
    }
    return {std::move(out)};
  }

  std::vector<double> row_variances(const RowsView& rows) override {
    const std::vector<double> covariances = conditional_variances().front();
    const GroupView& group = rows.groups.front();
    const Index q = rows_.q;
    std::vector<std::vector<double>> columns;
    for (const ColumnView& column : group.columns) {
      columns.push_back(column_values(column, rows.n));
    }
    std::vector<double> out(at(rows.n));
    Vector z(q);
    for (Index i = 0; i < rows.n; ++i) {
      if (group.codes[i] < 0) continue;
      for (Index k = 0; k < q; ++k) z(k) = columns[at(k)][at(i)];
      const Eigen::Map<const Matrix> p(&covariances[at(group.codes[i] * q * q)], q, q);
      out[at(i)] = z.dot(p * z);
    }
    return out;
  }

  std::vector<std::vector<double>> mode_derivatives(
      const std::vector<Direction>& directions) override {
    std::vector<Matrix> changes;
    for (const Direction& direction : directions) changes.push_back(direction.d);
    return {slopes_of_modes(changes).effects};
  }

  double work() const override {
    const auto columns = static_cast<double>(rows_.q + 3);
    return static_cast<double>(rows_.n) * columns * static_cast<double>(rule_.nodes.cols() + 4);
  }

 private:
  Point stand_at(Parameters parameters, double tolerance) const {
    Point out;
    out.at = std::move(parameters);
    const Index q = rows_.q;
    out.levels.u = begin_at(out.at);
    out.levels.dual.resize(out.levels.u.size());
    out.levels.covariance.resize(at(rows_.levels() * q * q));
    const RootMap map(out.at.lambda, scale_);
    std::vector<NodeSums> parts(runs_.size());
    run_tasks(static_cast<Index>(runs_.size()), threads_, [&](Index k) {
      with_few(rows_.q, [&](auto size) {
        LevelRun<size()> run = run_at<size()>(k, out.at);
        parts[at(k)] = sum_over_nodes<size()>(run, rule_, std::min(tolerance, kTight),
                                              map.singular(), out.levels);
      });
    });
    out.sums = NodeSums(rows_.q, rows_.coefficients);
    for (const NodeSums& part : parts) out.sums.add(part);
    out.gamma = {map.gamma(out.sums.root_slopes, out.sums.gamma)};
    out.sums.fine = out.sums.fine && out.gamma.front().allFinite();
    return out;
  }

  template <int Q>
  LevelRun<Q> run_at(Index k, const Parameters& parameters) const {
    return {rows_, family_, parameters, runs_[at(k)].first, runs_[at(k)].last};
  }

  // u = Lambda'e, with e of the last modes or extrapolated.
  std::vector<double> begin_at(const Parameters& to) const {
    const Index q = rows_.q;
    std::vector<double> out(dual_.size());
    Vector change;
    if (anchor_) {
      change.resize(lower_.size() + rows_.coefficients);
      const Matrix& old = anchor_->at.lambda;
      change << lower_.packed(to.lambda * to.lambda.transpose() - old * old.transpose()),
          to.coefficients - anchor_->at.coefficients;
    }
    for (Index j = 0; j < rows_.levels(); ++j) {
      Vector e = Eigen::Map<const Vector>((anchor_ ? anchor_->dual : dual_).data() + j * q, q);
      if (anchor_) {
        e += Eigen::Map<const Matrix>(&anchor_->slopes[at(j * q * change.size())], q,
                                      change.size()) *
             change;
      }
      Eigen::Map<Vector>(&out[at(j * q)], q) = to.lambda.transpose() * e;
    }
    return out;
  }

  void anchor() {
    std::vector<Matrix> changes;
    for (Index k = 0; k < lower_.size(); ++k) {
      const Matrix unit = lower_.triangle(Vector::Unit(lower_.size(), k));
      changes.push_back(unit.cwiseMax(unit.transpose()));
    }
    anchor_ = Anchor{point_.at, point_.levels.dual, slopes_of_modes(changes).dual};
  }

  ModeSlopes slopes_of_modes(const std::vector<Matrix>& changes) const {
    const std::size_t width = changes.size() + at(rows_.coefficients);
    ModeSlopes out;
    out.effects.resize(point_.levels.u.size() * width);
    out.dual.resize(out.effects.size());
    run_tasks(static_cast<Index>(runs_.size()), threads_, [&](Index k) {
      with_few(rows_.q, [&](auto size) {
        LevelRun<size()> run = run_at<size()>(k, point_.at);
        mode_slopes<size()>(run, &point_.levels.u[at(run.first() * size())], changes, out);
      });
    });
    return out;
  }

  std::vector<RootChange> root_changes(const std::vector<Direction>& directions) const {
    constexpr double kNil = 1e-9;  // a rest below this share of the change is rounding
    const RootMap map(point_.at.lambda, scale_);
    std::vector<RootChange> out;
    for (const Direction& direction : directions) {
      out.push_back(map.change(direction.d));
      if (out.back().rest.norm() <= kNil * direction.d.norm()) out.back().rest.setZero();
    }
    return out;
  }

  static bool needs_rest(const std::vector<RootChange>& changes) {
    return std::any_of(changes.begin(), changes.end(),
                       [](const RootChange& change) { return !change.rest.isZero(0.0); });
  }

  // By the lower triangle of Lambda, the coefficients, and the lower triangle of E.
  Matrix louis(bool rest) const {
    const Index size = lower_.size() * (rest ? 2 : 1) + rows_.coefficients;
    std::vector<Matrix> parts(runs_.size(), Matrix::Zero(size, size));
    run_tasks(static_cast<Index>(runs_.size()), threads_, [&](Index k) {
      with_few(rows_.q, [&](auto q) {
        LevelRun<q()> run = run_at<q()>(k, point_.at);
        add_louis<q()>(run, rule_, &point_.levels.u[at(run.first() * q())], rest, parts[at(k)]);
      });
    });
    Matrix out = Matrix::Zero(size, size);
    for (const Matrix& part : parts) out -= 2.0 * part;
    return out;
  }

  // From second derivatives by Lambda, coefficients and E to those along changes of D and the
  // coefficients. What the chart adds for the bend of D comes off.
  Matrix along(const Matrix& h, const std::vector<RootChange>& changes) const {
    const Index count = static_cast<Index>(changes.size());
    const Index own = lower_.size();
    Matrix ways = Matrix::Zero(h.rows(), count + rows_.coefficients);
    for (Index k = 0; k < count; ++k) {
      ways.col(k).head(own) = lower_.packed(changes[at(k)].root);
      if (h.rows() > own + rows_.coefficients) {
        ways.col(k).tail(own) = lower_.packed(changes[at(k)].rest);
      }
    }
    ways.block(own, count, rows_.coefficients, rows_.coefficients).setIdentity();
    Matrix out = ways.transpose() * h * ways;
    for (Index k = 0; k < count; ++k) {
      const Matrix moved = 2.0 * point_.gamma.front() * changes[at(k)].root;
      for (Index l = 0; l < count; ++l) out(l, k) -= moved.cwiseProduct(changes[at(l)].root).sum();
    }
    return 0.5 * (out + out.transpose());
  }

  // Second derivatives by the lower triangle of Lambda and the coefficients. `curvature`: their
  // diagonal, roughly, which says how long the steps are.
  Matrix differences(const Vector& curvature) const {
    constexpr double kStep = 1e-4;  // standard errors
    Matrix out(curvature.size(), curvature.size());
    for (Index k = 0; k < curvature.size(); ++k) {
      const double size = std::sqrt(2.0 / std::abs(curvature(k)));
      const double step = kStep * (std::isfinite(size) ? size : 1.0);
      const Vector forward = slopes_beside(k, step);
      out.col(k) = (forward - slopes_beside(k, -step)) / (2.0 * step);
    }
    return 0.5 * (out + out.transpose());
  }

  // First derivatives by Lambda and the coefficients, with one of them moved; not finite where F
  // cannot be computed there.
  Vector slopes_beside(Index k, double step) const {
    Parameters to = point_.at;
    const Index own = lower_.size();
    if (k < own) {
      to.lambda(lower_.row(k), lower_.column(k)) += step;
    } else {
      to.coefficients(k - own) += step;
    }
    const Point there = stand_at(std::move(to), kTight);
    Vector out =
        Vector::Constant(own + rows_.coefficients, std::numeric_limits<double>::quiet_NaN());
    if (there.sums.fine) out << lower_.packed(there.sums.root_slopes), there.sums.slopes;
    return out;
  }

  LevelRows rows_;
  const Family& family_;
  int threads_;
  int nodes_ = 0;
  LowerTriangle lower_;
  ProductRule rule_;
  std::vector<Run> runs_;
  Vector scale_;
  Point point_;
  std::vector<double> dual_;  // e where searches begin if there is no anchor
  std::optional<Anchor> anchor_;
};

}  // namespace

int most_nodes(int q) { return q == 1 ? 25 : q == 2 ? 15 : 9; }

std::unique_ptr<Marginal> make_quadrature(const GeneralisedRows& rows, const Family& family,
                                          int nodes, int threads) {
  return std::make_unique<Quadrature>(rows, family, nodes, threads);
}

}  // namespace ranef
