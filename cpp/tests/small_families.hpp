// Families for programs that test the core without the real ones.
#pragma once

#include <algorithm>
#include <cmath>

#include "family/family.hpp"

namespace ranef::tests {

class SmallFamily : public Family {
 public:
  void start(const FamilyRows& rows, double* eta) const override { std::fill_n(eta, rows.n, 0.0); }
  double start_psi(int) const override { return 0.0; }
  void recession(const FamilyRows& rows, signed char* sign) const override {
    std::fill_n(sign, rows.n, static_cast<signed char>(0));
  }

 protected:
  // What is not asked for has no place.
  static void put(double* to, Index i, double value) {
    if (to != nullptr) to[i] = value;
  }
};

// Binomial with the logit link; y are proportions of the weights.
class Logit final : public SmallFamily {
 public:
  void derivatives(const FamilyRows& rows, RowOrder order,
                   const RowDerivatives& out) const override {
    for (Index i = 0; i < rows.n; ++i) {
      const double eta = rows.eta[i];
      const double m = rows.weights == nullptr ? 1.0 : rows.weights[i];
      const double small = std::exp(-std::abs(eta));
      const double p = eta >= 0.0 ? 1.0 / (1.0 + small) : small / (1.0 + small);
      const double w = small / ((1.0 + small) * (1.0 + small));
      put(out.eta[0], i, m * (rows.y[i] * eta - std::max(eta, 0.0) - std::log1p(small)));
      put(out.eta[1], i, m * (rows.y[i] - p));
      put(out.eta[2], i, -m * w);
      if (order >= RowOrder::kGradient) put(out.eta[3], i, -m * w * (1.0 - 2.0 * p));
      if (order >= RowOrder::kHessian) put(out.eta[4], i, -m * w * (1.0 - 6.0 * w));
    }
  }
  void expected(const FamilyRows& rows, double* information) const override {
    for (Index i = 0; i < rows.n; ++i) {
      const double p = 1.0 / (1.0 + std::exp(-rows.eta[i]));
      information[i] = (rows.weights == nullptr ? 1.0 : rows.weights[i]) * p * (1.0 - p);
    }
  }
};

// l = y e - exp(e) / d - (psi_0 - psi_1 / 2)^2 / 8 with e = eta + 0.3 psi_0 - 0.2 psi_1: a Poisson
// family with predictors added, which tests the bookkeeping of them.
class Counts final : public SmallFamily {
 public:
  explicit Counts(int channels) : channels_(channels) {}
  int channels() const override { return channels_; }
  void derivatives(const FamilyRows& rows, RowOrder order,
                   const RowDerivatives& out) const override {
    const double slope[2] = {0.3, -0.2};
    const double away[2] = {1.0, -0.5};
    for (Index i = 0; i < rows.n; ++i) {
      double eta = rows.eta[i];
      double gap = 0.0;
      for (int c = 0; c < channels_; ++c) {
        eta += slope[c] * rows.psi[at(c)][i];
        gap += away[c] * rows.psi[at(c)][i];
      }
      const double mu = std::exp(eta);
      const double y = rows.y[i];
      put(out.eta[0], i, y * eta - mu - gap * gap / 8.0);
      put(out.eta[1], i, y - mu);
      for (int k = 2; k <= static_cast<int>(order); ++k) put(out.eta[at(k)], i, -mu);
      if (order == RowOrder::kPass) continue;
      for (int c = 0; c < channels_; ++c) {
        put(out.psi[at(c)][0], i, slope[c] * (y - mu) - away[c] * gap / 4.0);
        for (int k = 1; k < static_cast<int>(order); ++k)
          put(out.psi[at(c)][at(k)], i, -slope[c] * mu);
      }
      if (order != RowOrder::kHessian) continue;
      for (int c = 0; c < channels_; ++c) {
        for (int d = c; d < channels_; ++d) {
          auto& to = out.psi2[at(c + d)];
          put(to[0], i, -slope[c] * slope[d] * mu - away[c] * away[d] / 4.0);
          for (int k = 1; k < 3; ++k) put(to[at(k)], i, -slope[c] * slope[d] * mu);
        }
      }
    }
  }
  void expected(const FamilyRows& rows, double* information) const override {
    for (Index i = 0; i < rows.n; ++i) information[i] = std::exp(rows.eta[i]);
  }

 private:
  int channels_;
};

// Gaussian about exp(eta) with variance 0.25: l'' > 0 in places.
class Exponential final : public SmallFamily {
 public:
  void derivatives(const FamilyRows& rows, RowOrder order,
                   const RowDerivatives& out) const override {
    for (Index i = 0; i < rows.n; ++i) {
      const double mu = std::exp(rows.eta[i]);
      const double y = rows.y[i];
      put(out.eta[0], i, -2.0 * (y - mu) * (y - mu));
      double power = 1.0;
      for (int k = 1; k <= static_cast<int>(order); ++k, power *= 2.0) {
        put(out.eta[at(k)], i, 4.0 * mu * (y - power * mu));
      }
    }
  }
  void expected(const FamilyRows& rows, double* information) const override {
    for (Index i = 0; i < rows.n; ++i) information[i] = 4.0 * std::exp(2.0 * rows.eta[i]);
  }
  bool log_concave() const override { return false; }
};

}  // namespace ranef::tests
