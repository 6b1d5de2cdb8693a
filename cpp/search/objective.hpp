// The function that is minimised. Its argument is one vector: the coordinates of all covariances,
// then the parameters phi of the residuals, if they have a structure.
#pragma once

#include <memory>
#include <vector>

#include "criterion/criterion.hpp"
#include "residual/residual.hpp"
#include "structure/chart.hpp"
#include "structure/face.hpp"

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

class Objective {
 public:
  // Without a basis the residuals are independent and have one variance, up to their weights.
  Objective(Criterion& criterion, const Chart& chart, ResidualBasis* residual = nullptr)
      : criterion_(criterion), chart_(chart), residual_(residual) {}

  Criterion& criterion() const { return criterion_; }
  const Chart& chart() const { return chart_; }

  // False where the arithmetic broke down.
  bool evaluate(const Vector& x);

  // Sets the criterion's numbers to those of independent residuals of one variance.
  void stand_at_independence();

  // Tells the objective where the criterion stands, after a caller has evaluated it.
  void stands_at(const Vector& x) { at_ = x; }

  // At the last evaluation, which must have succeeded: derivatives with respect to x. The Hessian
  // is exact, or has average information for second derivatives by D.
  Vector gradient();
  Matrix hessian(bool exact);

  // The same along a face of the covariances, and phi; without the bend of the face.
  Vector gradient(const Face& face);
  // Second derivatives along changes of D, and phi.
  Matrix second(const std::vector<Direction>& directions, bool exact = true);

 private:
  Vector residual_slopes();

  Criterion& criterion_;
  const Chart& chart_;
  ResidualBasis* residual_;
  Vector at_;
  std::vector<Matrix> lambda_;         // memory of the last ones
  std::vector<Direction> directions_;  // the same
};

}  // namespace ranef
