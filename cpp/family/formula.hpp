// A family from the formula of its log-density: a class with
//
//   static constexpr int kChannels, bool kLogConcave
//   T log_density<T>(const T& eta, const std::array<T, kChannels>& psi, double y, double w) const
//   bool inside(double eta, const double* psi) const            the domain
//   double expected(double eta, const double* psi, double y, double w) const
//   double start(double y, double w, double typical) const      typical: the mean of y
//   double start_psi(int channel) const
//   int recession(double y, double w) const
//
// of which Formula gives usual answers to some. T is a Taylor number of any order.
#pragma once

#include <cmath>
#include <limits>

#include "family/special.hpp"

namespace ranef {

struct Formula {
  static constexpr int kChannels = 0;
  static constexpr bool kLogConcave = true;
  static constexpr bool kTrials = false;   // whether weights are trials
  static constexpr bool kInUnits = false;  // whether eta is in units of the response

  bool inside(double, const double*) const { return true; }
  double start_psi(int) const { return 0.0; }
  int recession(double, double) const { return 0; }
};

// Numbers of a row that is outside of the domain.
template <class T>
T no_number() {
  T out;
  out.fill(std::numeric_limits<double>::quiet_NaN());
  return out;
}

template <class F>
class FormulaFamily : public Family {
 public:
  explicit FormulaFamily(F formula = {}) : formula_(formula) {}

  int channels() const override { return F::kChannels; }
  bool in_units_of_response() const override { return F::kInUnits; }
  bool log_concave() const override { return F::kLogConcave; }
  double start_psi(int channel) const override { return formula_.start_psi(channel); }

  void derivatives(const FamilyRows& rows, RowOrder order,
                   const RowDerivatives& out) const override {
    if (order == RowOrder::kPass) fill<2>(rows, out);
    if (order == RowOrder::kGradient) fill<3>(rows, out);
    if (order == RowOrder::kHessian) fill<4>(rows, out);
  }

  void expected(const FamilyRows& rows, double* information) const override {
    for (Index i = 0; i < rows.n; ++i) {
      const Psi psi = psi_of(rows, i);
      information[i] = formula_.inside(rows.eta[i], psi.data())
                           ? formula_.expected(rows.eta[i], psi.data(), rows.y[i], weight(rows, i))
                           : std::numeric_limits<double>::quiet_NaN();
    }
  }

  void start(const FamilyRows& rows, double* eta) const override {
    double typical = 0.0;
    for (Index i = 0; i < rows.n; ++i) typical += rows.y[i] / static_cast<double>(rows.n);
    for (Index i = 0; i < rows.n; ++i) {
      eta[i] = formula_.start(rows.y[i], weight(rows, i), typical);
    }
  }

  void recession(const FamilyRows& rows, signed char* sign) const override {
    for (Index i = 0; i < rows.n; ++i) {
      sign[i] = static_cast<signed char>(formula_.recession(rows.y[i], weight(rows, i)));
    }
  }

 protected:
  static double weight(const FamilyRows& rows, Index i) {
    return rows.weights == nullptr ? 1.0 : rows.weights[i];
  }

  template <int Order>
  void fill_row(const FamilyRows& rows, Index i, const RowDerivatives& out) const {
    using T = Taylor<Order, F::kChannels>;
    const Psi psi = psi_of(rows, i);
    if (!formula_.inside(rows.eta[i], psi.data())) {
      no_number<T>().store(i, out);
      return;
    }
    std::array<T, F::kChannels> numbers;
    for (int c = 0; c < F::kChannels; ++c) {
      numbers[static_cast<std::size_t>(c)] = T::psi(c, psi[static_cast<std::size_t>(c)]);
    }
    formula_.log_density(T::eta(rows.eta[i]), numbers, rows.y[i], weight(rows, i)).store(i, out);
  }

  void fill_row(const FamilyRows& rows, RowOrder order, Index i, const RowDerivatives& out) const {
    if (order == RowOrder::kPass) fill_row<2>(rows, i, out);
    if (order == RowOrder::kGradient) fill_row<3>(rows, i, out);
    if (order == RowOrder::kHessian) fill_row<4>(rows, i, out);
  }

 private:
  using Psi = std::array<double, kMostChannels>;

  static Psi psi_of(const FamilyRows& rows, Index i) {
    Psi out = {};
    for (std::size_t c = 0; c < F::kChannels; ++c) out[c] = rows.psi[c][i];
    return out;
  }

  template <int Order>
  void fill(const FamilyRows& rows, const RowDerivatives& out) const {
    for (Index i = 0; i < rows.n; ++i) fill_row<Order>(rows, i, out);
  }

  F formula_;
};

}  // namespace ranef
