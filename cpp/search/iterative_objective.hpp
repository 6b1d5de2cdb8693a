// The criterion of a linear mixed model whose crossed factors are too large to be factorised. Its
// value and Gamma are estimates by probes; second derivatives are average information.
#pragma once

#include <functional>
#include <vector>

#include "iterative/iterative_factor.hpp"
#include "search/linear_objective.hpp"

namespace ranef {

class IterativeObjective final : public LinearObjective {
 public:
  // The criterion's factor is made of iterations.
  IterativeObjective(Criterion& criterion, const Chart& chart)
      : LinearObjective(criterion, chart, nullptr, 1, true),
        factor_(*criterion.factor().iterative()) {}

  IterativeFactor& factor() const { return factor_; }

  // Values of neighbouring points share their probes, and most of their error with them.
  double rounding() const override;
  bool estimated() const override { return true; }
  bool exact_is_cheap() const override { return false; }
  double work() const override;
  Vector start() override;
  Valleys other_valleys(const Vector&, const ValleyControl&,
                        const std::function<bool()>&) override {
    return {};
  }
  bool loses_digits() const override { return false; }

 private:
  IterativeFactor& factor_;
};

}  // namespace ranef
