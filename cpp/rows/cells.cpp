#include "rows/cells.hpp"

#include <stdexcept>

namespace ranef {

CrossProducts from_cells(const CrossProducts& a, const Matrix& t) {
  if (a.p != 0 || a.groups.empty() || a.groups.back().q != 1 ||
      a.groups.back().n_levels != t.rows()) {
    throw std::invalid_argument("not the cross-products of these cells");
  }
  const int last = static_cast<int>(a.groups.size()) - 1;
  const GroupBlocks& cells = a.groups.back();
  const Eigen::Map<const Vector> weights(cells.diagonal.data(), t.rows());
  const Eigen::Map<const Vector> response(cells.fixed.data(), t.rows());
  const Index p = t.cols();
  CrossProducts out;
  out.n = a.n;
  out.p = static_cast<int>(p);
  out.sum_log_weights = a.sum_log_weights;
  out.fixed.resize(p + 1, p + 1);
  product(1.0, t, Form::kTransposed, weights.asDiagonal() * t, Form::kPlain, 0.0,
          out.fixed.topLeftCorner(p, p));
  out.fixed.topRightCorner(p, 1).noalias() = t.transpose() * response;
  out.fixed.bottomLeftCorner(1, p) = out.fixed.topRightCorner(p, 1).transpose();
  out.fixed(p, p) = a.fixed(0, 0);
  const Matrix columns = t.transpose();  // by cell
  for (int g = 0; g < last; ++g) {
    const GroupBlocks& group = a.groups[at(g)];
    const PairBlocks& pair = a.pair(g, last);
    const Index q = group.q;
    GroupBlocks made{group.n_levels, group.q, group.diagonal, {}};
    made.fixed.resize(at(group.n_levels * q * (p + 1)), 0.0);
    for (Index level = 0; level < group.n_levels; ++level) {
      Eigen::Map<Matrix> fixed(&made.fixed[at(level * q * (p + 1))], q, p + 1);
      for (auto k = at(pair.start[at(level)]); k < at(pair.start[at(level) + 1]); ++k) {
        const double* row = columns.col(pair.level[k]).data();
        const double* z = &pair.values[k * at(q)];
        for (Index c = 0; c < p; ++c) {
          for (Index r = 0; r < q; ++r) fixed(r, c) += z[r] * row[c];
        }
      }
      fixed.col(p) = Eigen::Map<const Vector>(&group.fixed[at(level * q)], q);
    }
    out.groups.push_back(std::move(made));
  }
  for (const PairBlocks& pair : a.pairs) {
    if (pair.second != last) out.pairs.push_back(pair);
  }
  return out;
}

}  // namespace ranef
