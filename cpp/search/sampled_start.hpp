// Where the search of a generalised model with many rows begins: at the optimum of a part of them.
#pragma once

#include <functional>
#include <vector>

#include "marginal/laplace.hpp"
#include "search/marginal_objective.hpp"

namespace ranef {

// What the search shall keep to.
struct StartControl {
  const Penalty& penalty;
  const std::optional<NormalPrior>& normal;
  const std::vector<HeldCoefficient>& held;
  const std::vector<CoefficientEnd>& ends;
};

// Start values (marginal/start.hpp) of all rows of `laplace`. If they are many, those are found on
// a sample of the levels (marginal/row_sample.hpp), followed by a search there.
Start start_values(Laplace& laplace, const Family& family, const Chart& chart,
                   const StartControl& control, const std::function<bool()>& interrupted);

}  // namespace ranef
