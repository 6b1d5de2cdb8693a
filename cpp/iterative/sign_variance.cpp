#include "iterative/sign_variance.hpp"

#include <algorithm>
#include <limits>

namespace ranef {

void SignVariance::add(const Vector& z, const Vector& dz, double second, double fourth) {
  for (Index i = 0; i < z.size(); ++i) {
    const double own = z(i) * dz(i);
    sums_(i) += own;
    squares_(i) += own * own;
    size_ += dz(i) * dz(i);
  }
  second_ += second;
  fourth_ += fourth;
  ++count_;
}

double SignVariance::of_mean() const {
  if (count_ == 0) return 0.0;
  const auto m = static_cast<double>(count_);
  double share = 0.0;
  if (count_ > 1 && size_ > 0.0) {
    const double pairs = sums_.squaredNorm() - squares_.sum();
    share = std::clamp(pairs / (m - 1.0) / size_, 0.0, 1.0);
  }
  return 2.0 * (1.0 - share) * second_ / (m * m);
}

double SignVariance::degrees_of_freedom() const {
  constexpr double kLeast = 2.0;
  if (!(fourth_ > 0.0)) return std::numeric_limits<double>::infinity();
  return std::max(kLeast, second_ * second_ / fourth_);
}

}  // namespace ranef
