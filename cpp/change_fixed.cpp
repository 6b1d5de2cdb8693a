#include "change_fixed.hpp"

namespace ranef {

CrossProducts change_fixed(const CrossProducts& a, const Matrix& change) {
  CrossProducts out = a;
  const Index before = change.rows();
  const Index after = change.cols();
  out.p = static_cast<int>(after) - 1;
  out.fixed = change.transpose() * a.fixed * change;
  for (std::size_t g = 0; g < a.groups.size(); ++g) {
    const GroupBlocks& from = a.groups[g];
    const Index q = from.q;
    out.groups[g].fixed.resize(at(from.n_levels * q * after));
    for (Index level = 0; level < from.n_levels; ++level) {
      Eigen::Map<Matrix>(&out.groups[g].fixed[at(level * q * after)], q, after).noalias() =
          Eigen::Map<const Matrix>(&from.fixed[at(level * q * before)], q, before) * change;
    }
  }
  return out;
}

}  // namespace ranef
