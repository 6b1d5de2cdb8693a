#include "search/objective.hpp"

#include <utility>

#include "curvature/changes.hpp"
#include "curvature/curvature.hpp"

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

void Objective::stand_at_independence() {
  if (residual_ == nullptr) return;
  residual_->stand_at(Vector::Zero(residual_->size()));
  criterion_.reload();
}

bool Objective::evaluate(const Vector& x) {
  at_ = x;
  chart_.lambda(x, lambda_);
  if (residual_ != nullptr) {
    residual_->stand_at(x.tail(chart_.others()));
    criterion_.reload();
  }
  return criterion_.evaluate(lambda_);
}

Vector Objective::residual_slopes() {
  Vector out(residual_->size());
  for (int k = 0; k < residual_->size(); ++k) {
    const Numbers change = residual_->first(k);
    out(k) = slopes(criterion_, {&change})(0) + residual_->log_first(k);
  }
  return out;
}

Vector Objective::gradient() {
  const Vector own = chart_.gradient(at_, criterion_.gamma());
  if (residual_ == nullptr) return own;
  Vector out(chart_.size());
  out << own, residual_slopes();
  return out;
}

Vector Objective::gradient(const Face& face) {
  const Vector own = ranef::gradient(chart_, face, criterion_.gamma());
  if (residual_ == nullptr) return own;
  Vector out(face.size());
  out << own, residual_slopes();
  return out;
}

Matrix Objective::hessian(bool exact) {
  chart_.directions(at_, directions_);
  Matrix out = second(directions_, exact);
  chart_.add_bend(at_, criterion_.gamma(), out);
  return out;
}

Matrix Objective::second(const std::vector<Direction>& directions, bool exact) {
  const Matrix own =
      exact ? ranef::hessian(criterion_, directions) : average_information(criterion_, directions);
  if (residual_ == nullptr) return own;
  const Index count = own.rows();
  const int others = residual_->size();
  Matrix out = Matrix::Zero(count + others, count + others);
  out.topLeftCorner(count, count) = own;
  std::vector<Numbers> moves;
  for (int k = 0; k < others; ++k) moves.push_back(residual_->first(k));
  std::vector<Change> few;
  for (const Numbers& move : moves) few.emplace_back(&move);
  std::vector<Change> all(directions.begin(), directions.end());
  all.insert(all.end(), few.begin(), few.end());
  out.bottomRows(others) = hessian_rows(criterion_, few, all);
  for (int k = 0; k < others; ++k) {
    for (int l = 0; l < others; ++l) {
      const Numbers bend = residual_->second(k, l);
      out(count + k, count + l) += slopes(criterion_, {&bend})(0) + residual_->log_second(k, l);
    }
  }
  out.topRightCorner(count, others) = out.bottomLeftCorner(others, count).transpose();
  return out;
}

}  // namespace ranef
