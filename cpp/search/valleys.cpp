#include "search/valleys.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"
#include "search/scattered.hpp"

namespace ranef {

namespace {

constexpr double kStep = 1.5;     // of s = log of the variance; a logistic curve is 3.5 wide
constexpr double kFinest = 0.3;   // the same where the cubic leaves room for a valley
constexpr double kMost = 60.0;    // length of a grid
constexpr double kSmall = 0.02;   // e^s lambda below which the criterion is a straight line
constexpr double kLarge = 100.0;  // the same from which on it is one in s

// Sizes of the levels of a term: sums of squares of its columns, on average.
struct Sizes {
  double least = std::numeric_limits<double>::infinity();
  double most = 0.0;

  void add(const HugeVector& blocks, Index n_levels, int width, const Term& term) {
    for (Index level = 0; level < n_levels; ++level) {
      double sum = 0.0;
      for (int a = 0; a < term.q; ++a) {
        const int k = term.offset + a;
        sum += blocks[at(level * width * width + k * (width + 1))];
      }
      sum /= term.q;
      if (!(sum > 0.0)) continue;
      least = std::min(least, sum);
      most = std::max(most, sum);
    }
  }
};

Sizes sizes_of(const Arranged& arranged, const Term& term) {
  Sizes out;
  const auto add = [&](const auto& factor, const HugeVector& blocks) {
    if (factor.group == term.group) out.add(blocks, factor.n_levels, factor.q, term);
  };
  for (std::size_t i = 0; i < arranged->chain.size(); ++i) {
    add(arranged->chain[i], arranged.numbers.chain[i].diagonal);
  }
  for (std::size_t t = 0; t < arranged->tail.size(); ++t) {
    add(arranged->tail[t], arranged.numbers.tail[t]);
  }
  return out;
}

struct Point {
  double s = 0.0;
  double value = 0.0;
  double slope = 0.0;
  double r2 = 0.0;
  bool fine = false;
};

// D_k = base + e^s shape.
class Scan {
 public:
  // Along the size of the term's covariance.
  Scan(LinearObjective& objective, const Vector& theta, std::size_t term)
      : objective_(objective), chart_(objective.chart()), theta_(theta), term_(term) {
    const Structure& structure = chart_.structure(term);
    const Matrix block = chart_.block(theta, term);
    const double size = block.squaredNorm() / static_cast<double>(block.rows());
    here_ = size > 0.0 ? std::log(size) : -std::numeric_limits<double>::infinity();
    unit_ = size > 0.0 ? structure.scaled(chart_.part(theta, term), 1.0 / std::sqrt(size))
                       : structure.nearest(Matrix::Identity(block.rows(), block.rows()));
    shape_ = outer_gram(structure.root(unit_));
  }

  // Along an eigenvector v of the term's covariance, whose eigenvalue is `variance`.
  Scan(LinearObjective& objective, const Vector& theta, std::size_t term, const Vector& v,
       double variance)
      : objective_(objective),
        chart_(objective.chart()),
        theta_(theta),
        term_(term),
        shape_(v * v.transpose()),
        here_(variance > 0.0 ? std::log(variance) : -std::numeric_limits<double>::infinity()) {
    const Matrix block = chart_.block(theta, term);
    base_ = outer_gram(block) - variance * shape_;
  }

  Vector at_size(double s) const {
    Vector theta = theta_;
    const Structure& structure = chart_.structure(term_);
    chart_.set_part(theta, term_,
                    base_.size() > 0 ? structure.nearest(base_ + std::exp(s) * shape_)
                                     : structure.scaled(unit_, std::exp(0.5 * s)));
    return theta;
  }

  Point point(double s) {
    ++evaluations;
    Point out{s, 0.0, 0.0, 0.0, false};
    out.fine = objective_.evaluate(at_size(s));
    Criterion& criterion = objective_.criterion();
    if (!out.fine) return out;
    out.value = criterion.value();
    out.r2 = criterion.r2();
    const Matrix gamma = chart_.gamma_of(criterion.gamma(), term_);
    out.slope = std::exp(s) * gamma.cwiseProduct(shape_).sum();
    return out;
  }

  // Bottoms of the valleys but that of theta; whether all of the criterion's one parameter.
  void look(Sizes sizes, bool alone, std::vector<Vector>& starts,
            const std::function<bool()>& interrupted) {
    const Point low = point(std::log(kSmall / sizes.most));
    Point high = point(std::log(kLarge / sizes.least));
    if (!low.fine || !high.fine) return;
    if (alone) {
      // The share that is left at the end is the least of all.
      if (sizes.most / sizes.least < 1.0 + high.r2 / low.r2) return;
    }
    points_ = {low};
    for (double s = low.s + kStep; s < high.s - 0.5 * kStep; s += kStep) {
      if (interrupted && interrupted()) return;
      points_.push_back(point(s));
    }
    points_.push_back(high);
    // Beyond, the criterion rises for ever once r2 has come to its end.
    while (points_.back().fine && points_.back().slope < 0.5 && points_.back().s < low.s + kMost) {
      points_.push_back(point(points_.back().s + kStep));
    }
    if (here_ > low.s - kStep && low.slope > 0.0) starts.push_back(at_size(low.s));
    for (std::size_t k = 1; k < points_.size(); ++k) between(points_[k - 1], points_[k], starts);
  }

  int evaluations = 0;

 private:
  void between(const Point& a, const Point& b, std::vector<Vector>& starts) {
    if (!a.fine || !b.fine) return;
    const double length = b.s - a.s;
    if (a.slope < 0.0 && b.slope > 0.0) {
      if (!(here_ > a.s && here_ < b.s)) {
        // The root of the slope's straight line: a start, no more.
        starts.push_back(at_size(a.s - a.slope * length / (b.slope - a.slope)));
      }
      if (here_ > a.s && here_ < b.s && !straight(a, b)) split(a, b, starts);
      return;
    }
    if (!straight(a, b)) split(a, b, starts);
  }

  // Whether the cubic through both ends has a slope that stays clear of further changes of sign.
  static bool straight(const Point& a, const Point& b) {
    const double length = b.s - a.s;
    if (length < 2.0 * kFinest) return true;
    const double mean = (b.value - a.value) / length;
    // The slope of the cubic is a parabola: its value in the middle is 1.5 mean - 0.25 (a' + b').
    const double middle = 1.5 * mean - 0.25 * (a.slope + b.slope);
    const double linear = 0.5 * (a.slope + b.slope);
    const double bow = middle - linear;  // of the parabola over the straight line
    if (a.slope < 0.0 && b.slope > 0.0) return std::abs(bow) < 0.5 * (b.slope - a.slope);
    if (a.slope > 0.0 && b.slope < 0.0) return std::abs(bow) < 0.5 * (a.slope - b.slope);
    // Of one sign: the parabola, or one that bows twice as much, would have to reach zero.
    const double sign = a.slope + b.slope > 0.0 ? 1.0 : -1.0;
    double nearest = std::min(sign * a.slope, sign * b.slope);
    for (double t = 0.1; t < 0.95; t += 0.1) {
      const double straight = a.slope + t * (b.slope - a.slope);
      nearest = std::min(nearest, sign * (straight + 2.0 * 4.0 * t * (1.0 - t) * bow));
    }
    return nearest > 0.0;
  }

  void split(const Point& a, const Point& b, std::vector<Vector>& starts) {
    const Point middle = point(0.5 * (a.s + b.s));
    between(a, middle, starts);
    between(middle, b, starts);
  }

  LinearObjective& objective_;
  const Chart& chart_;
  const Vector& theta_;
  std::size_t term_;
  Matrix base_;  // empty where nil
  Vector unit_;  // coordinates of the shape, if the base is zero
  Matrix shape_;
  double here_;
  std::vector<Point> points_;
};

}  // namespace

Valleys other_valleys(LinearObjective& objective, const Vector& theta, const ValleyControl& control,
                      const std::function<bool()>& interrupted) {
  Valleys out;
  Criterion& criterion = objective.criterion();
  const Chart& chart = objective.chart();
  const bool alone = chart.size() == 1;
  const bool hardly_any = criterion.numbers().n <= control.few;
  const double uneven = alone || hardly_any ? 1.0 : control.uneven;
  // Structured correlations have valleys of their own, for instance on either side of zero.
  bool structured = false;
  int angles = 0;
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    structured = structured || !chart.structure(k).triangular();
    angles += chart.structure(k).angles();
  }
  if ((hardly_any || structured) && !alone) {
    if (angles <= kManyAngles) out.starts = scattered_starts(chart);
    for (Vector& start : starts_on_other_sides(chart, theta))
      out.starts.push_back(std::move(start));
  }
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    const Sizes sizes = sizes_of(criterion.arranged(), chart.terms()[k]);
    const double ratio = sizes.most / sizes.least;
    if (!(ratio >= uneven) || !std::isfinite(ratio)) continue;
    if (alone && ratio < 1.0 + 1e-9) continue;  // balanced: one valley
    std::vector<Scan> scans = {Scan(objective, theta, k)};
    Matrix null;
    rank_of(chart.block(theta, k), null);
    // Directions of a covariance that may be any.
    if (!chart.structure(k).triangular()) null.resize(null.rows(), 0);
    for (Index column = 0; null.cols() < null.rows() && column < null.cols(); ++column) {
      scans.emplace_back(objective, theta, k, null.col(column), 0.0);
    }
    if (hardly_any && chart.structure(k).triangular() && null.cols() == 0 && null.rows() > 1) {
      const Matrix block = chart.block(theta, k);
      const Spectrum spectrum = spectrum_of(outer_gram(block));
      for (Index j = 0; j < spectrum.values.size(); ++j) {
        scans.emplace_back(objective, theta, k, spectrum.vectors.col(j), spectrum.values(j));
      }
    }
    for (Scan& scan : scans) {
      scan.look(sizes, alone, out.starts, interrupted);
      out.evaluations += scan.evaluations;
    }
  }
  return out;
}

}  // namespace ranef
