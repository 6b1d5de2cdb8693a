#include "marginal/first_fit.hpp"

#include <algorithm>
#include <cmath>

#include "marginal/channel_start.hpp"
#include "marginal/joint_modes.hpp"

namespace ranef {

namespace {

double median(HugeVector values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void fit_first(WorkingRows& rows, JointRows& joint, Vector& coefficients) {
  const RowMap& map = rows.map();
  const auto p = static_cast<Index>(map.fixed().size());
  if (p == 0 || map.n() == 0) return;
  const std::size_t n = at(map.n());
  HugeVector eta(n);
  FamilyRows own;
  own.n = map.n();
  own.y = map.response().values;
  own.weights = map.weights();
  rows.family().start(own, eta.data());
  if (has_cut_points(map) && map.offset() != nullptr) {
    // Cut points begin around the mean offset.
    for (std::size_t i = 0; i < n; ++i) eta[i] += map.offset()[i];
  }
  rows.set_coefficients(coefficients);
  if (!joint.look(eta.data(), RowWeights::kLarger)) return;

  HugeVector above(n);  // the offset
  for (std::size_t i = 0; i < n; ++i) {
    above[i] = map.offset() == nullptr ? eta[i] : eta[i] - map.offset()[i];
  }
  Matrix fixed;
  JointSums sums;
  Vector right = joint.fixed_sums(above.data(), fixed);
  WorkingRows::for_chunks({0, map.n(), 0, 0}, [&](RowRange part) {
    rows.add_fixed(part, joint.scores() + part.from, right.data());
  });
  Vector beta = guarded_solution(fixed, right);

  // The constant: least squares without weights.
  Matrix plain = Matrix::Zero(p, p);
  Vector constant = Vector::Zero(p);
  RowBuffer::Rows work;
  const double level = median(above);
  WorkingRows::for_chunks({0, map.n(), 0, 0}, [&](RowRange part) {
    for (Index k = 0; k < p; ++k) {
      Vector column = Vector::Zero(p);
      rows.add_fixed(part, map.fixed()[at(k)].from(part.from), column.data());
      plain.col(k) += column;
    }
    std::fill_n(work.data(), part.size(), level);
    rows.add_fixed(part, work.data(), constant.data());
  });
  constant = guarded_solution(plain, constant);

  constexpr int kHalvings = 40;
  const Effects none = zero_effects(map.pattern(), 1);
  for (int k = 0; k <= kHalvings; ++k) {
    coefficients.head(p) = k < kHalvings ? beta : constant;
    rows.set_coefficients(coefficients);
    if (joint.look(none, RowWeights::kLarger)) return;
    beta = 0.5 * (beta + constant);
  }
}

}  // namespace ranef
