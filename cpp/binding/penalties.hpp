// Priors between NumPy and the core.
#pragma once

#include <tuple>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "penalty.hpp"

namespace ranef::binding {

// Group, offset, B, then the coefficients in the order of ranef::TermPenalty.
using PenaltyArgument =
    std::tuple<int, int, Matrix, double, double, Matrix, Vector, Vector, Matrix, Matrix, double>;

inline ranef::Penalty penalty_from(const std::vector<PenaltyArgument>& priors) {
  std::vector<ranef::TermPenalty> terms;
  for (const auto& prior : priors) {
    terms.push_back(
        std::apply([](const auto&... part) { return ranef::TermPenalty{part...}; }, prior));
  }
  return ranef::Penalty(std::move(terms));
}

}  // namespace ranef::binding
