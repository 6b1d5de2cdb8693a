// Ways out of the bounds of a family's parameters.
//
// If a standard deviation is zero or a correlation is at its bound, D may not depend on some of the
// other parameters: they are *inert*. Off the bound it does depend on them, so a way out is the
// steepest over all their values.
#include "structure/family.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"

namespace ranef {

namespace {

constexpr double kRightAngle = 1.5707963267948966192313216916398;
constexpr double kInert = 1e-14;  // a dD below this size counts as zero

// Where in [from, to] a function is least: on a grid, then by halving.
double least_on(double from, double to, int points, const std::function<double(double)>& value) {
  double best = from;
  double least = std::numeric_limits<double>::infinity();
  const auto look = [&](double w) {
    const double here = value(w);
    if (!(here < least)) return;
    least = here;
    best = w;
  };
  for (int i = 0; i <= points; ++i) look(from + (to - from) * i / points);
  for (double step = 0.5 * (to - from) / points; step > 1e-9; step *= 0.5) {
    const double middle = best;
    if (middle - step >= from) look(middle - step);
    if (middle + step <= to) look(middle + step);
  }
  return best;
}

// Shares s >= 0 of length one that make s'Ms least, or nearly so: power iterations from each
// element, each pair of them and all.
Vector least_shares(const Matrix& m) {
  constexpr int kIterations = 60;
  const Index q = m.rows();
  const Matrix push = 1.01 * m.norm() * Matrix::Identity(q, q) - m;
  std::vector<Vector> starts = {Vector::Ones(q)};
  for (Index i = 0; i < q; ++i) {
    starts.emplace_back(Vector::Unit(q, i));
    for (Index j = 0; j < i; ++j) starts.emplace_back(Vector::Unit(q, i) + Vector::Unit(q, j));
  }
  Vector best = starts[0].normalized();
  double least = best.dot(m * best);
  for (Vector s : starts) {
    s.normalize();
    for (int k = 0; k < kIterations; ++k) {
      const Vector next = (push * s).cwiseMax(0.0);
      if (!(next.norm() > 0.0)) break;
      s = next.normalized();
    }
    const double here = s.dot(m * s);
    if (!(here < least)) continue;
    least = here;
    best = s;
  }
  return best;
}

// A symmetric matrix minus its projection on the span of others.
Matrix beside(Matrix e, const std::vector<Matrix>& basis) {
  for (int round = 0; round < 2; ++round) {
    for (const Matrix& one : basis) e -= one.cwiseProduct(e).sum() * one;
  }
  return e;
}

// An orthonormal basis of the span of symmetric matrices.
std::vector<Matrix> basis_of(const std::vector<Matrix>& all) {
  constexpr double kNew = 1e-9;  // share of a matrix that is not in the span of those before it
  std::vector<Matrix> out;
  for (const Matrix& one : all) {
    const Matrix left = beside(one, out);
    if (left.norm() > kNew * one.norm()) out.push_back(left / left.norm());
  }
  return out;
}

}  // namespace

std::vector<int> CorrelationFamily::inert_angles(const Vector& x) const {
  std::vector<int> out;
  const Matrix here = outer_gram(Structure::root(x));
  for (int k = sizes_; k < size(); ++k) {
    Vector other = x;
    bool inert = true;
    for (const double angle : {-kRightAngle, -0.6, 0.3, kRightAngle}) {
      other(k) = angle;
      inert = inert &&
              (outer_gram(Structure::root(other)) - here).norm() < kInert * (1.0 + here.norm());
    }
    if (inert) out.push_back(k);
  }
  return out;
}

// From a covariance of zero the first order of the criterion is <Gamma, S C S>.
Way CorrelationFamily::way_from_nothing(const Vector& x, const Matrix& gamma) const {
  constexpr int kPoints = 256;
  constexpr int kFew = 16;
  constexpr int kRounds = 3;
  // With one standard deviation a ray is a correlation matrix; with one for each effect, shares of
  // the variances, too.
  Vector shares = Vector::Ones(q());
  const auto slope = [&](double w) { return shares.dot(gamma.cwiseProduct(extreme(w)) * shares); };
  double best = 0.5;
  if (heterogeneous()) {
    best = least_on(0.0, 1.0, kFew, [&](double w) {
      const Matrix m = gamma.cwiseProduct(extreme(w));
      const Vector s = least_shares(m);
      return s.dot(m * s);
    });
    for (int k = 0; k < kRounds; ++k) {
      shares = least_shares(gamma.cwiseProduct(extreme(best)));
      const double other = least_on(0.0, 1.0, kPoints, slope);
      if (slope(other) < slope(best)) best = other;
    }
  } else if (angles_ > 0) {
    const double other = least_on(0.0, 1.0, kPoints, slope);
    if (slope(other) < slope(best)) best = other;
  }
  const Matrix c = extreme(best);
  const double least = slope(best);
  if (heterogeneous()) {
    // Away from zero, where a search cannot see the other angles, unless that forfeits the descent.
    const Vector exact = shares;
    shares = exact.cwiseMax(1e-3);
    if (least < 0.0 && !(slope(best) < 0.0)) shares = exact;
  }
  Way way;
  way.e = shares.asDiagonal() * c * shares.asDiagonal();
  const double norm = way.e.norm();
  way.e /= norm;
  way.slope = slope(best) / norm;
  way.from = x;
  for (int k = 0; k < sizes_; ++k) {
    const double share = shares(k) / std::sqrt(norm);
    way.from(k) = heterogeneous() ? std::sqrt(share) : share;
  }
  if (angles_ > 0) way.from.tail(angles_) = angles_of(correlations_of(c));
  return way;
}

// Inert angles, the others as they are, with which the covariances of an effect that has had no
// variance are worth most: to first order they grow with its standard deviation.
Vector CorrelationFamily::best_inert(const Vector& exact, int k, const Matrix& gamma,
                                     const std::vector<int>& inert) const {
  constexpr int kPoints = 32;
  constexpr int kSweeps = 3;
  Vector sds(q());
  for (int i = 0; i < q(); ++i) sds(i) = sd(exact, i);
  const auto slope = [&](const Vector& x) {
    const Matrix c = correlation(x);
    return gamma.row(k).cwiseProduct(c.row(k)).dot(sds);
  };
  Vector best = exact;
  // With the other angles at zero the last ones have their widest range.
  for (const double first : {0.0, 0.8, -0.8}) {
    Vector x = exact;
    for (const int j : inert) x(j) = first;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (const int j : inert) {
        x(j) = least_on(-kRightAngle, kRightAngle, kPoints, [&](double angle) {
          Vector there = x;
          there(j) = angle;
          return slope(there);
        });
      }
      if (inert.size() == 1) break;
    }
    if (slope(x) < slope(best)) best = x;
    if (inert.size() == 1) break;
  }
  return best;
}

// If the angles after this one are inert, correlation matrices near C are mixtures of it with
// any of the extreme ones.
Way CorrelationFamily::way_by_a_ray(const Vector& exact, int k, const Matrix& gamma) const {
  constexpr int kPoints = 256;
  constexpr double kNew = 1e-3;  // share of a step that leads out of the face
  const Matrix c = correlation(exact);
  Vector sds(q());
  for (int i = 0; i < q(); ++i) sds(i) = sd(exact, i);
  std::vector<Matrix> along;
  std::vector<Matrix> all;
  directions(exact.data(), all);
  for (int j = 0; j < size(); ++j) {
    if (all[at(j)].norm() > kInert * (1.0 + c.norm())) along.push_back(all[at(j)]);
  }
  const std::vector<Matrix> basis = basis_of(along);
  const auto towards = [&](double w) {
    return beside(sds.asDiagonal() * (extreme(w) - c) * sds.asDiagonal(), basis);
  };
  const double size = sds.squaredNorm();
  const double best = least_on(0.0, 1.0, kPoints, [&](double w) {
    const Matrix e = towards(w);
    const double norm = e.norm();
    return norm > kNew * size ? gamma.cwiseProduct(e).sum() / norm
                              : std::numeric_limits<double>::infinity();
  });
  Way way;
  way.coordinate = k;
  way.e = towards(best);
  const double norm = way.e.norm();
  if (!(norm > kNew * size)) {
    way.e.setZero();
    return way;
  }
  way.towards = extreme(best);
  way.stretch = 1.0 / norm;
  way.e /= norm;
  way.slope = gamma.cwiseProduct(way.e).sum();
  return way;
}

Way CorrelationFamily::way_at_fold(const Vector& x, int k, const Matrix& gamma) const {
  Vector exact = x;
  snap(exact, k);
  Way way;
  std::vector<int> inert = inert_angles(exact);
  inert.erase(std::remove(inert.begin(), inert.end(), k), inert.end());
  if (!inert.empty() && k < sizes_) {
    exact = way.from = best_inert(exact, k, gamma, inert);
  } else if (!inert.empty() && inert.back() > k) {
    return way_by_a_ray(exact, k, gamma);
  }
  const Expansion e = expand(exact);
  const Matrix cross = times(e.second[at(k)][at(k)], Form::kPlain, e.t, Form::kTransposed);
  way.coordinate = k;
  way.e = cross + cross.transpose() + 2.0 * outer_gram(e.first[at(k)]);
  // A correlation that is nearly zero has not quite converged.
  const double none = k < sizes_ ? 1e-5 : kInert;
  if (way.e.norm() < none * (1.0 + e.t.squaredNorm())) {
    way.e.setZero(q(), q());
    if (k < sizes_) way.e(k, k) = 1.0;  // without covariances the variance comes first
    way.power = 4;
  } else {
    way.stretch = std::sqrt(2.0 / way.e.norm());
    way.e /= way.e.norm();
  }
  way.slope = gamma.cwiseProduct(way.e).sum();
  return way;
}

// From second differences: what D does along a way is exact to first order alone.
double CorrelationFamily::bend_along(const Vector& x, const Way& way, const Matrix& gamma) const {
  constexpr double kStep = 1e-3;
  if (way.towards.size() > 0) return 0.0;  // a straight line
  const auto along = [&](double t) {
    return gamma.cwiseProduct(outer_gram(Structure::root(leave(x, way, t)))).sum();
  };
  return (along(2.0 * kStep) - 2.0 * along(kStep) + along(0.0)) / (kStep * kStep);
}

std::vector<Way> CorrelationFamily::ways_out(const Vector& x, const Matrix& gamma,
                                             double limit) const {
  std::vector<Way> out;
  const double largest = outer_gram(Structure::root(x)).diagonal().maxCoeff();
  if (largest <= limit) {
    out.push_back(way_from_nothing(x, gamma));
  } else {
    for (int k = 0; k < size(); ++k) {
      if (closeness(x, k) > limit) continue;
      Way way = way_at_fold(x, k, gamma);
      if (way.e.norm() > 0.0) out.push_back(std::move(way));
    }
  }
  for (Way& way : out) way.bend = bend_along(x, way, gamma);
  std::sort(out.begin(), out.end(), [](const Way& a, const Way& b) { return a.slope < b.slope; });
  return out;
}

Vector CorrelationFamily::leave(const Vector& x, const Way& way, double t) const {
  if (way.coordinate < 0) return scaled(way.from, std::sqrt(t));
  Vector out = x;
  snap(out, way.coordinate);
  if (way.towards.size() > 0) {
    const double share = std::min(1.0, way.stretch * t);
    const Matrix c = (1.0 - share) * correlation(out) + share * way.towards;
    out.tail(angles_) = angles_of(correlations_of(c));
    return out;
  }
  if (way.from.size() > 0) {
    for (const int k : inert_angles(out)) out(k) = way.from(k);
  }
  const double step = way.stretch * std::pow(t, 1.0 / way.power);
  // Back from the bound of a correlation, up from a standard deviation of zero.
  out(way.coordinate) -= way.coordinate < sizes_ ? -step : std::copysign(step, out(way.coordinate));
  return out;
}

}  // namespace ranef
