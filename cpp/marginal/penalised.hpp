// A marginal likelihood with priors: F grows by -2 log density of the covariances (penalty.hpp) and
// of a normal prior of the coefficients.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "criterion/penalty.hpp"
#include "marginal/marginal.hpp"

namespace ranef {

// -2 log density: (c - centre)'precision (c - centre) + constant.
struct NormalPrior {
  Matrix precision;  // symmetric
  Vector centre;
  double constant = 0.0;
};

class Penalised final : public Marginal {
 public:
  explicit Penalised(std::unique_ptr<Marginal> marginal, Penalty penalty = {},
                     std::optional<NormalPrior> normal = {});

  const Penalty& penalty() const { return penalty_; }

  Index coefficients() const override { return marginal_->coefficients(); }
  // Also false where a prior's density is zero.
  bool evaluate(const std::vector<Matrix>& lambda, const Vector& coefficients,
                double tolerance) override;
  void begin_at(const std::vector<std::vector<double>>& dual) override {
    marginal_->begin_at(dual);
  }
  const std::optional<NormalPrior>& normal() const { return normal_; }
  double value() const override { return value_; }
  double rounding() const override;
  const std::vector<Matrix>& gamma() override { return gamma_; }
  const Vector& slopes() override { return slopes_; }
  Matrix second(const std::vector<Direction>& directions) override;
  Matrix exact_second(const std::vector<Direction>& directions) override;
  bool second_is_exact() const override { return marginal_->second_is_exact(); }

  std::vector<std::vector<double>> modes() override { return marginal_->modes(); }
  std::vector<std::vector<double>> conditional_variances() override {
    return marginal_->conditional_variances();
  }
  std::vector<double> row_variances(const RowsView& rows) override {
    return marginal_->row_variances(rows);
  }
  std::vector<std::vector<double>> mode_derivatives(
      const std::vector<Direction>& directions) override {
    return marginal_->mode_derivatives(directions);
  }
  int expected_steps() const override { return marginal_->expected_steps(); }
  NextTerm next_term() override { return marginal_->next_term(); }
  double work() const override { return marginal_->work(); }
  const Pattern* pattern() const override { return marginal_->pattern(); }

 private:
  Matrix with_priors(const std::vector<Direction>& directions, Matrix second) const;

  std::unique_ptr<Marginal> marginal_;
  Penalty penalty_;
  std::optional<NormalPrior> normal_;
  // At the last evaluation.
  double value_ = 0.0;
  Vector pull_;  // precision (c - centre)
  std::vector<Matrix> gamma_;
  Vector slopes_;
};

}  // namespace ranef
