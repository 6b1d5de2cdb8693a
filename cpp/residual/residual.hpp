// The structure of the residuals: Cov(e) = sigma^2 R(phi), such that
//
//   A(phi) = [Z X y]'R^-1[Z X y] = sum_k c_k(phi) A_k
//
// with cross-products A_k that do not depend on phi. So one pass over the rows serves all values of
// phi, and derivatives follow from those with respect to A:
//
//   df/dphi = sum_k c_k' <W, A_k> + d log|R| / dphi,   W = df/dA.
//
// The parameters phi are real numbers without bounds. Known weights of the rows are in the A_k.
// Each structure has a file here and a case in make_residual(); `ranef/residual` sums its A_k.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "linalg/dense.hpp"
#include "linalg/jet.hpp"

namespace ranef {

class Residual {
 public:
  virtual ~Residual() = default;

  virtual int size() const = 0;   // of phi
  virtual int terms() const = 0;  // cross-products A_k

  // c_k and log|R|, as formulas of phi.
  virtual std::vector<Jet> coefficients(const std::vector<Jet>& phi) const = 0;
  virtual Jet log_determinant(const std::vector<Jet>& phi) const = 0;

  // The parameters that users see, from phi and back.
  virtual Vector parameters(const Vector& phi) const = 0;
  virtual Vector coordinates(const Vector& parameters) const = 0;
};

// "strata": counts of rows by stratum. "ar1": counts of pairs of neighbours by the gap between
// them, gaps ascending. Null if there is no such structure.
std::unique_ptr<Residual> make_residual(const std::string& name, const std::vector<double>& counts,
                                        const std::vector<int>& gaps);

}  // namespace ranef
