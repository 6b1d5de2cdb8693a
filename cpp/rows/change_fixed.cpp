#include "rows/change_fixed.hpp"

#include "linalg/products.hpp"

namespace ranef {

CrossProducts change_fixed(const CrossProducts& a, const Matrix& change) {
  CrossProducts out = a;
  const Index before = change.rows();
  const Index after = change.cols();
  out.p = static_cast<int>(after) - 1;
  out.fixed = congruent_transposed(change, a.fixed);
  for (std::size_t g = 0; g < a.groups.size(); ++g) {
    const GroupBlocks& from = a.groups[g];
    const Index q = from.q;
    out.groups[g].fixed.resize(at(from.n_levels * q * after));
    for (Index level = 0; level < from.n_levels; ++level) {
      product(1.0, Eigen::Map<const Matrix>(&from.fixed[at(level * q * before)], q, before),
              Form::kPlain, change, Form::kPlain, 0.0,
              Eigen::Map<Matrix>(&out.groups[g].fixed[at(level * q * after)], q, after));
    }
  }
  return out;
}

}  // namespace ranef
