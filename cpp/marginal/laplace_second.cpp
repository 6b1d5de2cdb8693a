#include "marginal/laplace.hpp"

namespace ranef {

Matrix Laplace::second(const std::vector<Direction>&) { return {}; }

std::vector<std::vector<double>> Laplace::mode_derivatives(const std::vector<Direction>&) {
  return {};
}

}  // namespace ranef
