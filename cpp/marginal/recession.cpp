#include "marginal/recession.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "marginal/channel_start.hpp"
#include "marginal/joint_modes.hpp"

namespace ranef {

double separation_margin(const WorkingRows& rows, const JointRows& joint) {
  const RowMap& map = rows.map();
  if (has_cut_points(map)) return std::numeric_limits<double>::quiet_NaN();
  const std::size_t n = at(map.n());
  std::vector<signed char> sign(n);
  FamilyRows own;
  own.n = map.n();
  own.y = map.response().values;
  own.weights = map.weights();
  rows.family().recession(own, sign.data());
  const double* g = joint.scores();
  double largest = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    if (sign[i] == 0) continue;
    if (!(sign[i] * g[i] > 0.0)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(g[i]));
  }
  const auto p = static_cast<Index>(map.fixed().size());
  if (!(largest > 0.0) || p == 0) return 0.0;
  constexpr double kStill = 1e4;
  const auto size = [&](std::size_t i) { return sign[i] == 0 ? kStill * largest : std::abs(g[i]); };
  Matrix fixed = Matrix::Zero(p, p);
  Vector slope = Vector::Zero(p);
  const auto chunks = [&](auto use) { WorkingRows::for_chunks({0, map.n(), 0, 0}, use); };
  RowBuffer::Rows work;
  chunks([&](RowRange part) {
    rows.add_fixed(part, g + part.from, slope.data());
    for (Index k = 0; k < p; ++k) {
      const double* x = map.fixed()[at(k)].from(part.from);
      for (Index i = 0; i < part.size(); ++i) work[at(i)] = size(at(part.from + i)) * x[i];
      Vector column = Vector::Zero(p);
      rows.add_fixed(part, work.data(), column.data());
      fixed.col(k) += column;
    }
  });
  const Vector change = guarded_solution(fixed, slope);
  double out = 0.0;
  chunks([&](RowRange part) {
    std::fill_n(work.data(), part.size(), 0.0);
    for (Index k = 0; k < p; ++k) {
      const double* x = map.fixed()[at(k)].from(part.from);
      for (Index i = 0; i < part.size(); ++i) work[at(i)] += change(k) * x[i];
    }
    for (Index i = 0; i < part.size(); ++i) {
      if (sign[at(part.from + i)] != 0) out = std::max(out, std::abs(work[at(i)]));
    }
  });
  // Where the equations were not solved to the last, the proof is off by as much.
  const double left = (fixed * change - slope).cwiseAbs().maxCoeff();
  const double scale = slope.cwiseAbs().maxCoeff();
  constexpr double kSolved = 1e-6;
  return left <= kSolved * scale || scale == 0.0 ? out : std::numeric_limits<double>::infinity();
}

}  // namespace ranef
