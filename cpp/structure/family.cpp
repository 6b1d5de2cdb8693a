#include "structure/family.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"

namespace ranef {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kRightAngle = 1.5707963267948966192313216916398;
constexpr double kAtFold = 1e-18;  // at most this close counts as exactly on the boundary
constexpr double kInert = 1e-14;   // a dD below this size counts as zero

template <class Number>
Matrix values_of(const Triangle<Number>& l, double (*value)(const Number&)) {
  const auto q = static_cast<Index>(l.size());
  Matrix out = Matrix::Zero(q, q);
  for (Index i = 0; i < q; ++i) {
    for (Index j = 0; j <= i; ++j) out(i, j) = value(l[at(i)][at(j)]);
  }
  return out;
}

double itself(const double& value) { return value; }

class FamilyFace : public TermFace {
 public:
  FamilyFace(const CorrelationFamily& family, Vector x) : family_(family), x_(std::move(x)) {
    const Matrix t = family.Structure::root(x_);
    covariance_ = outer_gram(t);
    Matrix null;
    rank_ = rank_of(t, null);
    std::vector<Matrix> all;
    family.directions(x_.data(), all);
    const double size = 1.0 + covariance_.norm();
    const std::vector<int> inert = family.inert_angles(x_);
    for (int k = 0; k < family.size(); ++k) {
      if (family.closeness(x_, k) < kAtFold) continue;
      // Without effect here, or anywhere: even powers of a correlation of zero come back.
      const bool nowhere = k < family.sizes() || std::count(inert.begin(), inert.end(), k) > 0;
      if (nowhere && all[at(k)].norm() < kInert * size) continue;
      free_.push_back(k);
      directions_.push_back(all[at(k)]);
    }
  }

  int size() const override { return static_cast<int>(free_.size()); }
  int rank() const override { return rank_; }
  std::vector<Matrix> directions() const override { return directions_; }
  Matrix null_space() const override { return Matrix(family_.q(), 0); }

  Matrix root() const override {
    if (rank_ == family_.q()) return family_.Structure::root(x_);
    std::vector<int> order(at(family_.q()));
    std::iota(order.begin(), order.end(), 0);
    Matrix ordered;
    pivoted_root(family_.Structure::root(x_), rank_, order, ordered);
    Matrix out(family_.q(), rank_);
    for (int i = 0; i < family_.q(); ++i) out.row(order[at(i)]) = ordered.row(i);
    return out;
  }

  std::vector<std::pair<int, int>> coordinates() const override {
    std::vector<std::pair<int, int>> out;
    for (const int k : free_) out.emplace_back(k, -1);
    return out;
  }

  Vector gradient(const Matrix& gamma) const override {
    Vector all(family_.size());
    family_.gradient(x_.data(), gamma, all.data());
    Vector out(size());
    for (int k = 0; k < size(); ++k) out(k) = all(free_[at(k)]);
    return out;
  }

  Matrix bend(const Matrix& gamma) const override {
    Matrix all = Matrix::Zero(family_.size(), family_.size());
    family_.add_bend(x_.data(), gamma, all);
    Matrix out(size(), size());
    for (int k = 0; k < size(); ++k) {
      for (int l = 0; l < size(); ++l) out(k, l) = all(free_[at(k)], free_[at(l)]);
    }
    return out;
  }

  Vector scales() const override {
    Vector out(size());
    for (int k = 0; k < size(); ++k) {
      const double x = x_(free_[at(k)]);
      const bool angle = free_[at(k)] >= family_.sizes();
      const double one = family_.heterogeneous() ? 0.5 * x : x;  // a relative change of an SD
      out(k) = angle ? 1.0 : std::max(std::abs(one), 1e-2);
    }
    return out;
  }

  std::vector<Way> ways_out(const Matrix& gamma) const override {
    return family_.ways_out(x_, gamma, kAtFold);
  }

  double dual(const Matrix& gamma, const Matrix& base) const override {
    double out = kNaN;
    for (const Way& way : ways_out(gamma)) {
      const double size = spectrum_of(congruent(base, way.e)).values.cwiseAbs().maxCoeff();
      const double slope = way.slope / size;
      out = std::isnan(out) ? slope : std::min(out, slope);
    }
    return out;
  }

  double complementarity(const Matrix& gamma) const override {
    return size() == 0 ? 0.0 : 0.5 * gradient(gamma).cwiseProduct(scales()).cwiseAbs().maxCoeff();
  }

  std::unique_ptr<TermFace> shifted(const Vector& step) const override {
    auto out = std::make_unique<FamilyFace>(*this);
    out->x_ = after(step);
    return out;
  }

  Vector moved(const Vector& step, const std::vector<Leave>& leaves) const override {
    Vector x = after(step);
    for (const Leave& leave : leaves) x = family_.leave(x, leave.way, leave.size);
    return x;
  }

 private:
  Vector after(const Vector& step) const {
    Vector x = x_;
    for (int k = 0; k < size(); ++k) x(free_[at(k)]) += step(k);
    return x;
  }

  const CorrelationFamily& family_;
  Vector x_;
  int rank_ = 0;
  std::vector<int> free_;
  std::vector<Matrix> directions_;
};

}  // namespace

double CorrelationFamily::sd(const Vector& x, int i) const {
  return heterogeneous() ? x(i) * x(i) : std::abs(x(0));
}

void CorrelationFamily::root(const double* x, Eigen::Ref<Matrix> t) const {
  const std::vector<double> angles(x + sizes_, x + size());
  t = values_of(correlation_root(angles), itself);
  if (heterogeneous()) {
    for (int i = 0; i < q(); ++i) t.row(i) *= x[i] * x[i];
  } else {
    t *= x[0];
  }
}

Matrix CorrelationFamily::correlation(const Vector& x) const {
  const std::vector<double> angles(x.data() + sizes_, x.data() + size());
  return outer_gram(values_of(correlation_root(angles), itself));
}

// T = S L: products of the derivatives of S, which are simple, with those of L.
CorrelationFamily::Expansion CorrelationFamily::expand(const Vector& x, bool second) const {
  std::vector<Jet> angles;
  for (int k = 0; k < angles_; ++k) {
    angles.push_back(variable(x(sizes_ + k), k, angles_, second));
  }
  const Triangle<Jet> jets = correlation_root(angles);
  const Matrix zero = Matrix::Zero(q(), q());
  Matrix l = zero;
  std::vector<Matrix> l1(at(angles_), zero);
  std::vector<std::vector<Matrix>> l2(at(angles_));
  for (int k = 0; second && k < angles_; ++k) l2[at(k)].assign(at(k) + 1, zero);
  for (int i = 0; i < q(); ++i) {
    for (int j = 0; j <= i; ++j) {
      const Jet& jet = jets[at(i)][at(j)];
      l(i, j) = jet.value;
      for (int k = 0; k < angles_ && !jet.constant(); ++k) {
        l1[at(k)](i, j) = jet.first(k);
        for (int m = 0; second && m <= k; ++m) l2[at(k)][at(m)](i, j) = jet.second(k, m);
      }
    }
  }
  Vector s(q());
  for (int i = 0; i < q(); ++i) s(i) = heterogeneous() ? x(i) * x(i) : x(0);
  // The first and second derivative of S along a size, times a matrix.
  const auto along = [&](int k, const Matrix& m) {
    if (!heterogeneous()) return m;
    Matrix out = zero;
    out.row(k) = 2.0 * x(k) * m.row(k);
    return out;
  };
  Expansion out;
  out.t = s.asDiagonal() * l;
  out.second.resize(at(size()));
  for (int k = 0; k < sizes_; ++k) {
    out.first.push_back(along(k, l));
    if (!second) continue;
    out.second[at(k)].assign(at(k) + 1, zero);
    if (heterogeneous()) out.second[at(k)][at(k)].row(k) = 2.0 * l.row(k);
  }
  for (int k = 0; k < angles_; ++k) {
    out.first.push_back(s.asDiagonal() * l1[at(k)]);
    if (!second) continue;
    std::vector<Matrix>& own = out.second[at(sizes_ + k)];
    for (int m = 0; m < sizes_; ++m) own.push_back(along(m, l1[at(k)]));
    for (int m = 0; m <= k; ++m) own.push_back(s.asDiagonal() * l2[at(k)][at(m)]);
  }
  return out;
}

void CorrelationFamily::gradient(const double* x, const Matrix& gamma, double* out) const {
  const Expansion e = expand(Eigen::Map<const Vector>(x, size()), false);
  const Matrix product = times(gamma, e.t);
  for (int k = 0; k < size(); ++k) out[k] = 2.0 * product.cwiseProduct(e.first[at(k)]).sum();
}

void CorrelationFamily::directions(const double* x, std::vector<Matrix>& out) const {
  const Expansion e = expand(Eigen::Map<const Vector>(x, size()), false);
  out.resize(at(size()));
  for (int k = 0; k < size(); ++k) {
    const Matrix half = times(e.first[at(k)], Form::kPlain, e.t, Form::kTransposed);
    out[at(k)] = half + half.transpose();
  }
}

void CorrelationFamily::add_bend(const double* x, const Matrix& gamma, Eigen::Ref<Matrix> h) const {
  const Expansion e = expand(Eigen::Map<const Vector>(x, size()));
  const Matrix product = times(gamma, e.t);
  for (int k = 0; k < size(); ++k) {
    const Matrix gamma_first = times(gamma, e.first[at(k)]);
    for (int m = 0; m <= k; ++m) {
      const double bend = 2.0 * product.cwiseProduct(e.second[at(k)][at(m)]).sum() +
                          2.0 * gamma_first.cwiseProduct(e.first[at(m)]).sum();
      h(k, m) += bend;
      if (m != k) h(m, k) += bend;
    }
  }
}

Vector CorrelationFamily::nearest(const Matrix& d) const {
  Vector out(size());
  const Vector variances = d.diagonal().cwiseMax(0.0);
  const double common = std::sqrt(variances.mean());
  Vector sds(q());
  for (int i = 0; i < q(); ++i) {
    sds(i) = heterogeneous() ? std::sqrt(variances(i)) : common;
    if (heterogeneous()) out(i) = std::sqrt(sds(i));
  }
  if (!heterogeneous()) out(0) = common;
  if (angles_ == 0) return out;
  Matrix c = Matrix::Identity(q(), q());
  for (int i = 0; i < q(); ++i) {
    for (int j = 0; j < i; ++j) {
      const double size = std::max(sds(i) * sds(j), std::numeric_limits<double>::min());
      c(i, j) = c(j, i) = std::clamp(d(i, j) / size, -1.0, 1.0);
    }
  }
  out.tail(angles_) = nearest_angles(c);
  return out;
}

Vector CorrelationFamily::scaled(const Vector& x, double factor) const {
  Vector out = x;
  out.head(sizes_) *= heterogeneous() ? std::sqrt(factor) : factor;
  return out;
}

// Angles within a right angle of zero; sizes that are not negative.
Vector CorrelationFamily::canonical(const Vector& x) const {
  Vector out = x;
  out.head(sizes_) = out.head(sizes_).cwiseAbs();
  for (double& angle : out.tail(angles_)) {
    angle = std::remainder(angle, 4.0 * kRightAngle);
    if (std::abs(angle) > kRightAngle) angle = std::copysign(2.0 * kRightAngle, angle) - angle;
  }
  return out;
}

Vector CorrelationFamily::parameters(const Vector& x) const {
  Vector out(size());
  for (int k = 0; k < sizes_; ++k) out(k) = sd(x, k);
  if (angles_ > 0) out.tail(angles_) = correlations_of(correlation(x));
  return out;
}

Vector CorrelationFamily::coordinates(const Vector& parameters) const {
  Vector out(size());
  for (int k = 0; k < sizes_; ++k) {
    const double sd = std::abs(parameters(k));
    out(k) = heterogeneous() ? std::sqrt(sd) : sd;
  }
  if (angles_ > 0) out.tail(angles_) = angles_of(parameters.tail(angles_));
  return out;
}

Vector CorrelationFamily::on_scale(const Vector& x, const Matrix& base) const {
  Vector out = parameters(x);
  for (int k = 0; k < sizes_; ++k) out(k) *= base(k, k);
  return out;
}

double CorrelationFamily::closeness(const Vector& x, int k) const {
  if (k >= sizes_) {
    const double cosine = std::cos(x(k));
    return cosine * cosine;
  }
  double largest = 1.0;
  for (int i = 0; i < sizes_; ++i) largest = std::max(largest, sd(x, i) * sd(x, i));
  return sd(x, k) * sd(x, k) / largest;
}

void CorrelationFamily::snap(Vector& x, int k) const {
  x(k) = k < sizes_ ? 0.0 : std::copysign(kRightAngle, std::sin(x(k)));
}

Vector CorrelationFamily::settled(const Vector& x, double limit, int most, int& lost) const {
  std::vector<std::pair<double, int>> near;
  for (int k = 0; k < size(); ++k) {
    const double close = closeness(x, k);
    if (close < limit) near.emplace_back(close, k);
  }
  std::sort(near.begin(), near.end());
  lost = std::min(most, static_cast<int>(near.size()));
  Vector out = x;
  for (int i = 0; i < lost; ++i) snap(out, near[at(i)].second);
  return out;
}

Matrix CorrelationFamily::extreme(double w) const {
  Vector x = Vector::Ones(size());
  if (angles_ > 0) x.tail(angles_).setConstant((2.0 * w - 1.0) * kRightAngle);
  return correlation(x);
}

std::unique_ptr<TermFace> CorrelationFamily::face(const Vector& x) const {
  return std::make_unique<FamilyFace>(*this, x);
}

}  // namespace ranef
