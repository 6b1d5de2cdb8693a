#include "marginal/covariance_start.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/decompose.hpp"
#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"

namespace ranef {

namespace {

using ConstMap = Eigen::Map<const Matrix>;

// The blocks of P of one grouping factor, level-major.
const double* blocks_of_group(const Pattern& pattern, const PatternBlocks& p, int group) {
  for (std::size_t i = 0; i < pattern.chain.size(); ++i) {
    if (pattern.chain[i].group == group) return p.diagonal[i];
  }
  for (std::size_t t = 0; t < pattern.tail.size(); ++t) {
    if (pattern.tail[t].group == group) return p.tail[t].data();
  }
  return nullptr;
}

Matrix bounded(const Matrix& d, double least) {
  const Spectrum spectrum = spectrum_of(d);
  if (!spectrum.fine) return kFirstSd * kFirstSd * Matrix::Identity(d.rows(), d.cols());
  Vector values = spectrum.values;
  for (double& value : values) {
    value = std::clamp(value, least, kMostSd * kMostSd);
  }
  return congruent_diagonal(spectrum.vectors, values);
}

// D of one term in units, from sums over the levels.
class TermScores {
 public:
  explicit TermScores(int q) : q_(q), g_(Matrix::Zero(q, q)), right_(g_) {
    if (whole()) system_ = Matrix::Zero(q * q, q * q);
  }

  void add(const Matrix& g, const Vector& e) {
    g_ += g;
    right_ += e * e.transpose() - g;
    ++levels_;
    if (!whole()) return;
    for (Index b = 0; b < q_; ++b) {
      for (Index a = 0; a < q_; ++a) system_.block(a * q_, b * q_, q_, q_) += g(a, b) * g;
    }
  }

  Matrix covariance(double least) const {
    constexpr double kRidge = 1e-9;
    Matrix change;
    if (whole()) {
      Matrix system = system_;
      system.diagonal().array() += kRidge * system_.trace();
      const Vector solved =
          least_norm_solution(system, Eigen::Map<const Vector>(right_.data(), q_ * q_));
      change = Eigen::Map<const Matrix>(solved.data(), q_, q_);
    } else {
      Matrix mean = g_ / static_cast<double>(levels_);
      mean.diagonal().array() += kRidge * mean.trace();
      const Matrix inverse = inverse_of(mean);
      change = congruent(inverse, right_) / static_cast<double>(levels_);
    }
    return bounded(
        kFirstSd * kFirstSd * Matrix::Identity(q_, q_) + 0.5 * (change + change.transpose()),
        least);
  }

 private:
  // Beyond, the levels are taken as alike.
  bool whole() const { return q_ <= 8; }

  Index q_;
  Index levels_ = 0;
  Matrix g_, right_, system_;
};

}  // namespace

std::vector<Vector> effect_units(const RowMap& map, double unit) {
  std::vector<Vector> out;
  for (const SortedGroup& group : map.groups()) {
    Vector& own = out.emplace_back(Vector::Ones(group.q));
    for (Index a = 0; a < group.q; ++a) {
      double sum = 0.0;
      WorkingRows::for_chunks({0, map.n(), 0, 0}, [&](RowRange rows) {
        const double* z = group.columns[at(a)].from(rows.from);
        sum += dot(z, z, rows.size());
      });
      const double size = std::sqrt(sum / static_cast<double>(map.n()));
      own(a) = size > 0.0 && std::isfinite(unit / size) ? unit / size : unit;
    }
  }
  return out;
}

std::vector<Matrix> first_lambda(const std::vector<Vector>& units) {
  std::vector<Matrix> out;
  for (const Vector& own : units) out.push_back((kFirstSd * own).asDiagonal());
  return out;
}

Vector scored_covariances(const Chart& chart, const std::vector<Vector>& units,
                          const Pattern& pattern, const PatternBlocks& p, const Effects& scores,
                          double least) {
  Vector out = Vector::Zero(chart.covariance_size());
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    const Term& term = chart.terms()[k];
    const Vector unit = units[at(term.group)].segment(term.offset, term.q);
    const Index width = pattern.q[at(term.group)];
    const double* blocks = blocks_of_group(pattern, p, term.group);
    TermScores sums(term.q);
    for (Index level = 0; level < pattern.n_levels[at(term.group)]; ++level) {
      const ConstMap own(blocks + level * width * width, width, width);
      // (D0 - P) between factors D0^-1, in units.
      Matrix g = -own.block(term.offset, term.offset, term.q, term.q);
      g = unit.cwiseInverse().asDiagonal() * g * unit.cwiseInverse().asDiagonal();
      g.diagonal().array() += kFirstSd * kFirstSd;
      g /= std::pow(kFirstSd, 4);
      const Eigen::Map<const Vector> e(&scores[at(term.group)][at(level * width + term.offset)],
                                       term.q);
      sums.add(g, unit.cwiseProduct(e));
    }
    const Matrix d = unit.asDiagonal() * sums.covariance(least) * unit.asDiagonal();
    out.segment(chart.first(k), chart.structure(k).size()) = chart.structure(k).nearest(d);
  }
  return out;
}

Effects dual_of(const Pattern& pattern, const std::vector<Matrix>& lambda, const Effects& effects) {
  constexpr double kReached = 1e-10;
  Effects out = zero_effects(pattern, 1);
  for (std::size_t g = 0; g < out.size(); ++g) {
    const Index q = pattern.q[g];
    const Matrix d = outer_gram(lambda[g]);
    Vector size = d.diagonal().cwiseSqrt();
    for (double& value : size) {
      if (!(value > 0.0)) value = 1.0;
    }
    // With a diagonal of one.
    const Spectrum spectrum =
        spectrum_of(size.cwiseInverse().asDiagonal() * d * size.cwiseInverse().asDiagonal());
    Vector values = spectrum.values;
    for (double& value : values) value = value > kReached ? 1.0 / value : 0.0;
    Matrix inverse = congruent_diagonal(spectrum.vectors, values);
    inverse = size.cwiseInverse().asDiagonal() * inverse * size.cwiseInverse().asDiagonal();
    for (Index level = 0; level < pattern.n_levels[g]; ++level) {
      const Eigen::Map<const Vector> own(&effects[g][at(level * q)], q);
      Eigen::Map<Vector>(&out[g][at(level * q)], q) = inverse.lazyProduct(own);
    }
  }
  return out;
}

}  // namespace ranef
