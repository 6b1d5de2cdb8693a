#include "search/residual_basis.hpp"

#include <utility>

namespace ranef {

ResidualBasis::ResidualBasis(std::unique_ptr<const Residual> residual, std::vector<Numbers> basis,
                             Numbers& numbers)
    : residual_(std::move(residual)),
      basis_(std::move(basis)),
      numbers_(numbers),
      sum_log_weights_(numbers.sum_log_weights) {}

void ResidualBasis::stand_at(const Vector& phi) {
  std::vector<Jet> jets;
  for (Index k = 0; k < phi.size(); ++k) jets.push_back(variable(phi(k), k, phi.size()));
  coefficients_ = residual_->coefficients(jets);
  log_determinant_ = residual_->log_determinant(jets);
  Vector c(static_cast<Index>(coefficients_.size()));
  for (Index k = 0; k < c.size(); ++k) c(k) = coefficients_[at(k)].value;
  const Index n = numbers_.n;
  numbers_ = sum(c);
  numbers_.n = n;
  numbers_.sum_log_weights = sum_log_weights_ - log_determinant_.value;
}

Numbers ResidualBasis::sum(const Vector& coefficients) const {
  std::vector<const Numbers*> terms;
  for (const Numbers& one : basis_) terms.push_back(&one);
  Numbers out;
  combine(coefficients, terms, out);
  return out;
}

Numbers ResidualBasis::first(int k) const {
  Vector c = Vector::Zero(static_cast<Index>(coefficients_.size()));
  for (Index i = 0; i < c.size(); ++i) {
    if (!coefficients_[at(i)].constant()) c(i) = coefficients_[at(i)].first(k);
  }
  return sum(c);
}

Numbers ResidualBasis::second(int k, int l) const {
  Vector c = Vector::Zero(static_cast<Index>(coefficients_.size()));
  for (Index i = 0; i < c.size(); ++i) {
    if (!coefficients_[at(i)].constant()) c(i) = coefficients_[at(i)].second(k, l);
  }
  return sum(c);
}

}  // namespace ranef
