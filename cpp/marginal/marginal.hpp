// -2 log of the marginal likelihood of a generalised model, approximated: the integral over the
// random effects by Laplace's method (laplace.hpp) or adaptive quadrature (quadrature.hpp).
//
// Rows have log-densities l_i(eta_i, psi_i) with eta = o + X beta + Z b, b ~ N(0, D), and
// D = blockdiag(D_k, D_k, ...) over the levels of each grouping factor, D_k = Lambda_k Lambda_k'.
// D is the covariance itself, in units of the linear predictor. The function of D and the
// coefficients is
//
//   F(D, c) = -2 log (approximate likelihood),   c = (beta, then the coefficients of all psi).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "factor/pattern.hpp"
#include "family/family.hpp"
#include "rows/cross_products.hpp"
#include "structure/direction.hpp"

namespace ranef {

// How psi of one channel follows from the coefficients after beta: the sum of columns times their
// coefficients, or, if `which` is given, the coefficient of that number; nil if it is negative.
struct Channel {
  std::vector<ColumnView> columns;
  std::vector<int> coefficients;        // of each column: its place among those after beta
  const std::int32_t* which = nullptr;  // by row
};

// Rows in the caller's memory.
struct GeneralisedRows {
  RowsView rows;  // the response is y, the weights are those of the family
  const double* offset = nullptr;
  std::vector<Channel> channels;  // as many as the family has
  int others = 0;                 // coefficients after beta
};

// What the next term of an asymptotic expansion would add to value(). A part of it is left out
// where it would cost too much: then it is not `complete`.
struct NextTerm {
  double value = 0.0;
  bool complete = true;
};

class Marginal {
 public:
  virtual ~Marginal() = default;

  virtual Index coefficients() const = 0;  // p + others

  // F at one Lambda per grouping factor (q x q, lower triangular, singular or not). The inner
  // search stops where it would still lower F by less than `tolerance`; what it has left is
  // corrected for to first order. False where the arithmetic broke down or the inner search did
  // not converge: then nothing below is valid.
  virtual bool evaluate(const std::vector<Matrix>& lambda, const Vector& coefficients,
                        double tolerance) = 0;
  // Modes at which the inner search of the next evaluation may begin: e^ by grouping factor, with
  // b = D e^.
  virtual void begin_at(const std::vector<std::vector<double>>&) {}

  // After evaluate().
  virtual double value() const = 0;
  virtual double rounding() const = 0;             // size of the rounding error of value()
  virtual const std::vector<Matrix>& gamma() = 0;  // dF/dD by grouping factor
  virtual const Vector& slopes() = 0;              // dF/dc
  // Second derivatives along changes of D, and then along the coefficients. Later evaluations begin
  // at modes that are extrapolated from here.
  virtual Matrix second(const std::vector<Direction>& directions) = 0;
  // The same where second() approximates: the derivatives of value() itself, at a higher cost.
  virtual Matrix exact_second(const std::vector<Direction>& directions) {
    return second(directions);
  }
  virtual bool second_is_exact() const { return true; }

  // Modes of the random effects by grouping factor, level-major, q each.
  virtual std::vector<std::vector<double>> modes() = 0;
  // Their conditional covariances P given all parameters, level-major, q x q each.
  virtual std::vector<std::vector<double>> conditional_variances() = 0;
  // z_i'P z_i for each of these rows: the conditional variance of z'b, all factors together. A
  // negative code leaves that factor out of the row. X is not read.
  virtual std::vector<double> row_variances(const RowsView& rows) = 0;
  // Derivatives of the modes along changes of D and along the coefficients: by grouping factor,
  // level-major, q x (directions + coefficients) each.
  virtual std::vector<std::vector<double>> mode_derivatives(
      const std::vector<Direction>& directions) = 0;

  // Steps of the last search for the modes where the log-density was not concave: there may be
  // other modes.
  virtual int expected_steps() const { return 0; }
  // How far value() is from the likelihood, by the next term; zero where there is no such term.
  virtual NextTerm next_term() { return {}; }

  // Numbers that one evaluation reads: a measure of its cost.
  virtual double work() const = 0;
  // The order in which random effects are eliminated; null where each level stands alone.
  virtual const Pattern* pattern() const { return nullptr; }
};

}  // namespace ranef
