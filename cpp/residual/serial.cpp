#include "residual/serial.hpp"

namespace ranef {

namespace {

Jet power(const Jet& x, int exponent) {
  Jet out = 1.0;
  for (int k = 0; k < exponent; ++k) out = out * x;
  return out;
}

// 1 - rho^2d = cos^2 (1 + rho^2 + ... + rho^(2d - 2)): exact also if rho is near one.
Jet left(const Jet& angle, int gap) {
  const Jet rho = sin(angle);
  Jet sum = 0.0;
  for (int k = 0; k < gap; ++k) sum = sum + power(rho * rho, k);
  return cos(angle) * cos(angle) * sum;
}

}  // namespace

std::vector<Jet> Serial::coefficients(const std::vector<Jet>& phi) const {
  const Jet rho = sin(phi[0]);
  std::vector<Jet> out = {1.0};
  for (const int gap : gaps_) {
    const Jet r = power(rho, gap);
    const Jet inverse = reciprocal(1.0 + r);
    out.push_back(inverse);
    out.push_back(-r * inverse);
    out.push_back(r * reciprocal(left(phi[0], gap)));
  }
  return out;
}

Jet Serial::log_determinant(const std::vector<Jet>& phi) const {
  Jet sum = 0.0;
  for (std::size_t k = 0; k < gaps_.size(); ++k) {
    sum = sum + counts_[k] * log(left(phi[0], gaps_[k]));
  }
  return sum;
}

}  // namespace ranef
