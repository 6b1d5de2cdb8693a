#include "marginal/first_fit.hpp"

#include <algorithm>
#include <utility>

#include "marginal/channel_start.hpp"
#include "marginal/joint_modes.hpp"

namespace ranef {

namespace {

double median(HugeVector values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Where single rows would put them; only of the rows that are read.
HugeVector first_predictors(const WorkingRows& rows) {
  const RowMap& map = rows.map();
  HugeVector y;
  HugeVector weights;
  for (const RowRun& run : rows.runs()) {
    const double* from = map.response().values;
    y.insert(y.end(), from + run.first_row, from + run.last_row);
    if (map.weights() == nullptr) continue;
    weights.insert(weights.end(), map.weights() + run.first_row, map.weights() + run.last_row);
  }
  FamilyRows own;
  own.n = static_cast<Index>(y.size());
  own.y = y.data();
  own.weights = map.weights() == nullptr ? nullptr : weights.data();
  HugeVector found(y.size());
  rows.family().start(own, found.data());
  HugeVector out(at(map.n()), 0.0);
  auto next = found.cbegin();
  for (const RowRun& run : rows.runs()) {
    std::copy(next, next + (run.last_row - run.first_row), out.begin() + run.first_row);
    next += run.last_row - run.first_row;
    // Cut points begin around the mean offset.
    if (!has_cut_points(map) || map.offset() == nullptr) continue;
    for (auto i = at(run.first_row); i < at(run.last_row); ++i) out[i] += map.offset()[i];
  }
  return out;
}

}  // namespace

void fit_first(WorkingRows& rows, JointRows& joint, Vector& coefficients) {
  const RowMap& map = rows.map();
  const auto p = static_cast<Index>(map.fixed().size());
  if (p == 0 || map.n() == 0) return;
  HugeVector eta = first_predictors(rows);
  rows.set_coefficients(coefficients);
  if (!joint.look(eta.data(), RowWeights::kLarger)) return;
  HugeVector above = eta;  // the offset
  HugeVector kept;
  const auto chunks = [&](auto use) {
    for (const RowRun& run : rows.runs()) WorkingRows::for_chunks(run, use);
  };
  chunks([&](RowRange part) {
    for (auto i = at(part.from); i < at(part.to); ++i) {
      if (map.offset() != nullptr) above[i] -= map.offset()[i];
      kept.push_back(above[i]);
    }
  });
  Matrix fixed;
  Vector right = joint.fixed_sums(above.data(), fixed);
  chunks([&](RowRange part) { rows.add_fixed(part, joint.scores() + part.from, right.data()); });
  Vector beta = guarded_solution(fixed, right);

  // The constant: least squares without weights.
  Matrix plain = Matrix::Zero(p, p);
  Vector constant = Vector::Zero(p);
  RowBuffer::Rows work;
  const double level = median(std::move(kept));
  chunks([&](RowRange part) {
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
