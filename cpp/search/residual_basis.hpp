// The cross-products of structured residuals, where a criterion reads its numbers.
#pragma once

#include <memory>
#include <vector>

#include "factor/arrange.hpp"
#include "linalg/jet.hpp"
#include "residual/residual.hpp"

namespace ranef {

// Writes A(phi) = sum_k c_k(phi) A_k to where a criterion reads its numbers.
class ResidualBasis {
 public:
  // `numbers` are the criterion's; the A_k lie on their pattern. Known weights of the rows are in
  // the A_k, and the sum of their logarithms in `numbers`.
  ResidualBasis(std::unique_ptr<const Residual> residual, std::vector<Numbers> basis,
                Numbers& numbers);

  int size() const { return residual_->size(); }

  // After it, call the criterion's reload().
  void stand_at(const Vector& phi);

  // At the present phi: changes of A along each parameter and along pairs of them, and those of
  // log|R|.
  Numbers first(int k) const;
  Numbers second(int k, int l) const;
  double log_first(int k) const { return log_determinant_.first(k); }
  double log_second(int k, int l) const { return log_determinant_.second(k, l); }

 private:
  Numbers sum(const Vector& coefficients) const;

  std::unique_ptr<const Residual> residual_;
  std::vector<Numbers> basis_;
  Numbers& numbers_;
  double sum_log_weights_;
  std::vector<Jet> coefficients_;
  Jet log_determinant_;
};

}  // namespace ranef
