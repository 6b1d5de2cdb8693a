#include "factor/factor.hpp"

#include <cmath>

#include "factor/single.hpp"
#include "factor/sweeps.hpp"

namespace ranef {

std::unique_ptr<Factor> make_factor(const Arranged& arranged, int threads) {
  if (arranged->n_groups == 1) return std::make_unique<Single>(arranged, threads);
  return std::make_unique<Sweeps>(arranged);
}

Noise noise_of_sums(const Pattern& pattern) {
  double levels = 0.0;
  for (const Index n : pattern.n_levels) levels += static_cast<double>(n);
  return {32.0, 4.0 + 2.0 * std::sqrt(levels)};
}

}  // namespace ranef
