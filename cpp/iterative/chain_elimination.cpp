#include "iterative/chain_elimination.hpp"

#include <algorithm>
#include <cmath>

#include "factor/level_factor.hpp"
#include "linalg/small.hpp"

namespace ranef {

ChainElimination::ChainElimination(const LevelLists& lists)
    : lists_(lists), stages_(lists.chain.size()) {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const ChainLevels& own = lists_.chain[i];
    stages_[i].p.resize(own.diagonal.size());
    stages_[i].f.resize(own.diagonal.size());
    if (i > 0) stages_[i].values.resize(own.lists.size());
  }
}

const double* ChainElimination::c(std::size_t i) const {
  return i == 0 ? lists_.chain[0].diagonal.data() : stages_[i].diagonal.data();
}

const double* ChainElimination::values(std::size_t i, std::size_t run) const {
  if (i > 0) return stages_[i].values[run].data();
  const LevelList& list = lists_.chain[0].lists[run];
  return list.unit() ? nullptr : list.values.data();
}

const double* ChainElimination::to_parent(std::size_t i, std::size_t k) const {
  return i == 0 ? lists_.chain[0].to_parent[k].data() : stages_[i].to_parent[k].data();
}

bool ChainElimination::eliminate(const std::vector<Matrix>& lambda) {
  log_determinant_ = 0.0;
  joint_ready_ = false;
  for (std::size_t i = 1; i < stages_.size(); ++i) {
    const ChainLevels& own = lists_.chain[i];
    stages_[i].diagonal = own.diagonal;
    stages_[i].to_parent = own.to_parent;
    for (std::size_t r = 0; r < own.lists.size(); ++r) {
      if (own.lists[r].unit()) {
        stages_[i].values[r].assign(own.lists[r].entries(), 1.0);
      } else {
        stages_[i].values[r] = own.lists[r].values;
      }
    }
  }
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Matrix& own = lambda[at(lists_.chain[i].group)];
    const bool fine = with_size(lists_.chain[i].q, [&](auto size) {
      return eliminate_stage<decltype(size)::value>(i, own);
    });
    if (!fine) return false;
  }
  return std::isfinite(log_determinant_);
}

template <int Q>
bool ChainElimination::eliminate_stage(std::size_t i, const Matrix& lambda) {
  const ChainLevels& own = lists_.chain[i];
  const int q = Small<Q>::size(own.q);
  FactorLambda factor(lambda);
  const double* c_all = c(i);
  std::vector<double> h;
  for (Index level = 0; level < own.n_levels; ++level) {
    const std::size_t block = at(level) * at(q) * at(q);
    if (!factor_level<Q>(q, c_all + block, factor, &stages_[i].p[block], &stages_[i].f[block],
                         log_determinant_)) {
      return false;
    }
    if (!own.parent.empty()) pass_to_parents(i, level, h);
  }
  return true;
}

// C_rest -= C_rest,j P C_j,rest for the rows of the parents.
void ChainElimination::pass_to_parents(std::size_t i, Index level, std::vector<double>& h) {
  const ChainLevels& own = lists_.chain[i];
  const int q = own.q;
  const Eigen::Map<const Matrix> p(&stages_[i].p[at(level * q * q)], q, q);
  for (std::size_t k = 0; k < own.parent.size(); ++k) {
    const ChainLevels& later = lists_.chain[i + 1 + k];
    EliminatedLevels& target = stages_[i + 1 + k];
    const int width = later.q;
    const Index up = own.parent[k][at(level)];
    const Eigen::Map<const Matrix> b(to_parent(i, k) + level * q * width, q, width);
    h.resize(at(q * width));
    Eigen::Map<Matrix> hk(h.data(), q, width);
    hk.noalias() = p.lazyProduct(b);
    Eigen::Map<Matrix>(&target.diagonal[at(up * width * width)], width, width).noalias() -=
        b.transpose().lazyProduct(hk);
    for (std::size_t l = k + 1; l < own.parent.size(); ++l) {
      const int further = lists_.chain[i + 1 + l].q;
      const Eigen::Map<const Matrix> other(to_parent(i, l) + level * q * further, q, further);
      Eigen::Map<Matrix>(&target.to_parent[l - k - 1][at(up * width * further)], width, further)
          .noalias() -= hk.transpose().lazyProduct(other);
    }
    for (std::size_t r = 0; r < own.lists.size(); ++r) {
      const LevelList& list = own.lists[r];
      const double* from = values(i, r);
      const int columns = list.q_tail;
      for (auto e = at(list.start[at(level)]); e < at(list.start[at(level) + 1]); ++e) {
        const auto to = at(own.entry_above[k][r][e]) * at(width * columns);
        for (int t = 0; t < columns; ++t) {
          for (int a = 0; a < width; ++a) {
            double sum = 0.0;
            for (int c = 0; c < q; ++c) {
              sum += h[at(c + a * q)] *
                     (from == nullptr ? 1.0 : from[e * at(q * columns) + at(c + t * q)]);
            }
            target.values[r][to + at(a + t * width)] -= sum;
          }
        }
      }
    }
  }
}

const std::vector<HugeVector>& ChainElimination::joint() {
  if (joint_ready_) return joint_;
  joint_.assign(stages_.size(), {});
  Matrix parents;
  for (std::size_t i = stages_.size(); i-- > 1;) {
    const ChainLevels& own = lists_.chain[i];
    const int q = own.q;
    int above = 0;
    for (std::size_t k = i + 1; k < stages_.size(); ++k) above += lists_.chain[k].q;
    const Index size = q + above;
    joint_[i].resize(at(own.n_levels * size * size));
    Matrix b(q, above);
    for (Index level = 0; level < own.n_levels; ++level) {
      Eigen::Map<Matrix> out(&joint_[i][at(level * size * size)], size, size);
      const Eigen::Map<const Matrix> p(&stages_[i].p[at(level * q * q)], q, q);
      out.topLeftCorner(q, q) = p;
      if (above == 0) continue;
      Index column = 0;
      for (std::size_t k = 0; k < own.parent.size(); ++k) {
        const int width = lists_.chain[i + 1 + k].q;
        b.middleCols(column, width) =
            Eigen::Map<const Matrix>(to_parent(i, k) + level * q * width, q, width);
        column += width;
      }
      const Index up = own.parent[0][at(level)];
      const Eigen::Map<const Matrix> w(&joint_[i + 1][at(up * above * above)], above, above);
      const Matrix h = p * b;
      const Matrix hw = h * w;
      out.topLeftCorner(q, q) += hw * h.transpose();
      out.topRightCorner(q, above) = -hw;
      out.bottomLeftCorner(above, q) = -hw.transpose();
      out.bottomRightCorner(above, above) = w;
    }
  }
  joint_ready_ = true;
  return joint_;
}

}  // namespace ranef
