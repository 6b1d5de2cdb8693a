// A model whose marginal likelihood has a closed form: Gaussian rows with the identity link, and
// psi = log sigma^2. All matrices are written out.
#pragma once

#include <cmath>
#include <vector>

#include "linalg/decompose.hpp"
#include "linalg/products.hpp"
#include "marginal/marginal.hpp"

namespace ranef::tests {

class GaussianMarginal : public Marginal {
 public:
  explicit GaussianMarginal(const RowsView& rows) : groups_(rows.groups) {
    n_ = rows.n;
    y_ = column(rows.response, false);
    x_.resize(n_, static_cast<Index>(rows.fixed.size()));
    for (std::size_t k = 0; k < rows.fixed.size(); ++k) {
      x_.col(static_cast<Index>(k)) = column(rows.fixed[k], true);
    }
    for (const GroupView& group : groups_) {
      const auto q = static_cast<Index>(group.columns.size());
      Matrix z = Matrix::Zero(n_, group.n_levels * q);
      for (Index a = 0; a < q; ++a) {
        const Vector values = column(group.columns[at(a)], true);
        for (Index i = 0; i < n_; ++i) z(i, group.codes[i] * q + a) = values(i);
      }
      z_.push_back(z);
    }
  }

  std::vector<double> tolerances;  // that evaluations were asked for

  Index coefficients() const override { return x_.cols() + 1; }

  bool evaluate(const std::vector<Matrix>& lambda, const Vector& coefficients,
                double tolerance) override {
    constexpr double kTwoPi = 6.283185307179586476925286766559;
    tolerances.push_back(tolerance);
    sigma2_ = std::exp(coefficients(x_.cols()));
    Matrix v = sigma2_ * Matrix::Identity(n_, n_);
    for (std::size_t g = 0; g < z_.size(); ++g)
      v += along({static_cast<int>(g), outer_gram(lambda[g])});
    if (!cholesky_lower(v)) return false;
    const double log_determinant = 2.0 * v.diagonal().array().log().sum();
    inverse_ = Matrix::Identity(n_, n_);
    solve_lower(v, inverse_);
    inverse_ = inner_gram(inverse_);
    const Vector r = y_ - x_ * coefficients.head(x_.cols());
    e_ = inverse_ * r;
    value_ = static_cast<double>(n_) * std::log(kTwoPi) + log_determinant + r.dot(e_);
    return std::isfinite(value_);
  }

  double value() const override { return value_; }
  double rounding() const override { return 1e-15 * static_cast<double>(n_); }

  const std::vector<Matrix>& gamma() override {
    gamma_.clear();
    for (std::size_t g = 0; g < z_.size(); ++g) {
      const auto q = static_cast<Index>(groups_[g].columns.size());
      const Matrix middle = inverse_ - e_ * e_.transpose();
      gamma_.push_back(Matrix::Zero(q, q));
      for (Index j = 0; j < groups_[g].n_levels; ++j) {
        const Matrix z = z_[g].middleCols(j * q, q);
        gamma_.back() += z.transpose() * middle * z;
      }
    }
    return gamma_;
  }

  const Vector& slopes() override {
    slopes_.resize(coefficients());
    slopes_ << -2.0 * x_.transpose() * e_, sigma2_ * (inverse_.trace() - e_.squaredNorm());
    return slopes_;
  }

  Matrix second(const std::vector<Direction>& directions) override {
    std::vector<Matrix> changes;  // of V
    for (const Direction& direction : directions) changes.push_back(along(direction));
    const auto count = static_cast<Index>(directions.size());
    const Index p = x_.cols();
    changes.push_back(sigma2_ * Matrix::Identity(n_, n_));
    Matrix out = Matrix::Zero(count + p + 1, count + p + 1);
    const auto place = [=](Index k) { return k < count ? k : count + p; };
    for (Index k = 0; k <= count; ++k) {
      const Matrix inside = inverse_ * changes[at(k)];
      for (Index l = 0; l <= count; ++l) {
        out(place(k), place(l)) = -(inside * inverse_ * changes[at(l)]).trace() +
                                  2.0 * e_.dot(changes[at(k)] * inverse_ * changes[at(l)] * e_);
      }
      const Vector cross = 2.0 * x_.transpose() * (inside * e_);
      out.col(place(k)).segment(count, p) = cross;
      out.row(place(k)).segment(count, p) = cross.transpose();
    }
    out(count + p, count + p) += slopes()(p);  // V is not linear in psi
    out.block(count, count, p, p) = 2.0 * x_.transpose() * inverse_ * x_;
    return out;
  }

  std::vector<std::vector<double>> modes() override { return {}; }
  std::vector<std::vector<double>> conditional_variances() override { return {}; }
  std::vector<double> row_variances(const RowsView&) override { return {}; }
  std::vector<std::vector<double>> mode_derivatives(const std::vector<Direction>&) override {
    return {};
  }
  double work() const override { return static_cast<double>(n_); }

 private:
  Vector column(const ColumnView& view, bool or_one) const {
    Vector out = Vector::Ones(n_);
    if (view.values != nullptr || !or_one) out = Eigen::Map<const Vector>(view.values, n_);
    return (out.array() - view.shift) / view.scale;
  }

  // The change of V along one of D.
  Matrix along(const Direction& direction) const {
    const Matrix& z = z_[at(direction.group)];
    const Index q = direction.d.rows();
    Matrix out = Matrix::Zero(n_, n_);
    for (Index j = 0; j < z.cols() / q; ++j) {
      out += congruent(z.middleCols(j * q, q), direction.d);
    }
    return out;
  }

  std::vector<GroupView> groups_;
  Index n_ = 0;
  Vector y_;
  Matrix x_;
  std::vector<Matrix> z_;
  double sigma2_ = 1.0;
  Matrix inverse_;
  Vector e_;  // V^-1 r
  double value_ = 0.0;
  std::vector<Matrix> gamma_;
  Vector slopes_;
};

}  // namespace ranef::tests
