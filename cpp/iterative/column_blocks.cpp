#include "iterative/column_blocks.hpp"

#include <algorithm>

#include "iterative/level_kernels.hpp"
#include "linalg/products.hpp"

namespace ranef {

ColumnBlocks::ColumnBlocks(const LevelLists& lists, Index columns)
    : count(columns), width(width_for(columns)) {
  const Index number = (columns + width - 1) / width;
  for (const ChainLevels& own : lists.chain) {
    const std::size_t size = at(own.n_levels * own.q * width);
    chain.emplace_back(at(number), HugeVector(size, 0.0));
  }
  tail.assign(at(number), HugeVector(at(lists.tail.columns * width), 0.0));
}

Matrix products(const std::vector<HugeVector>& a, const std::vector<HugeVector>& b, int width,
                Index count_a, Index count_b) {
  Matrix out(count_a, count_b);
  for (std::size_t s = 0; s < a.size(); ++s) {
    for (std::size_t t = 0; t < b.size(); ++t) {
      // A block side by side is its columns' matrix, transposed.
      const Index rows = static_cast<Index>(a[s].size()) / width;
      const Eigen::Map<const Matrix> left(a[s].data(), width, rows);
      const Eigen::Map<const Matrix> right(b[t].data(), width, rows);
      const Matrix own = times(left, Form::kPlain, right, Form::kTransposed);
      const Index row = static_cast<Index>(s) * width;
      const Index column = static_cast<Index>(t) * width;
      const Index r = std::min<Index>(width, count_a - row);
      const Index c = std::min<Index>(width, count_b - column);
      out.block(row, column, r, c) = own.topLeftCorner(r, c);
    }
  }
  return out;
}

void ColumnElimination::pass_on(std::size_t i, int width, const HugeVector& u,
                                std::vector<HugeVector>& parents, HugeVector& tail) {
  const ChainLevels& own = chain_.levels(i);
  const int q = own.q;
  with_width(width, [&](auto size) {
    constexpr int kW = decltype(size)::value;
    for (std::size_t k = 0; k < own.parent.size(); ++k) {
      const int columns = chain_.levels(i + 1 + k).q;
      const double* block = chain_.to_parent(i, k);
      for (Index level = 0; level < own.n_levels; ++level) {
        add_transposed_times<kW>(1.0, block + level * q * columns, q, columns,
                                 &u[at(level * q * kW)],
                                 &parents[k][at(Index{own.parent[k][at(level)]} * columns * kW)]);
      }
    }
    sums_.add(
        tail.size(), threads_,
        [&](int s, double* out) {
          for (Index level = own.strips[at(s)]; level < own.strips[at(s) + 1]; ++level) {
            for (std::size_t r = 0; r < own.lists.size(); ++r) {
              push<kW>(own.lists[r], chain_.values(i, r), level, &u[at(level * q * kW)], out);
            }
          }
        },
        tail.data());
  });
}

HugeVector ColumnElimination::p_times(std::size_t i, int width, const HugeVector& c) const {
  const ChainLevels& own = chain_.levels(i);
  const int q = own.q;
  HugeVector out(c.size(), 0.0);
  with_width(width, [&](auto size) {
    constexpr int kW = decltype(size)::value;
    for (Index level = 0; level < own.n_levels; ++level) {
      const std::size_t row = at(level * q * kW);
      add_times<kW>(1.0, chain_.p(i) + level * q * q, q, q, &c[row], &out[row]);
    }
  });
  return out;
}

void ColumnElimination::eliminate(ColumnBlocks& c) {
  for (std::size_t block = 0; block < c.blocks(); ++block) {
    for (std::size_t i = 0; i < chain_.stages(); ++i) {
      HugeVector u = p_times(i, c.width, c.chain[i][block]);
      for (double& value : u) value = -value;
      std::vector<HugeVector> parents;
      for (std::size_t k = i + 1; k < chain_.stages(); ++k) {
        parents.push_back(std::move(c.chain[k][block]));
      }
      pass_on(i, c.width, u, parents, c.tail[block]);
      for (std::size_t k = i + 1; k < chain_.stages(); ++k) {
        c.chain[k][block] = std::move(parents[k - i - 1]);
      }
    }
  }
}

void ColumnElimination::pull_rest(std::size_t i, int width,
                                  const std::vector<const HugeVector*>& parents,
                                  const HugeVector& tail, HugeVector& out) const {
  const ChainLevels& own = chain_.levels(i);
  const int q = own.q;
  out.assign(at(own.n_levels * q * width), 0.0);
  with_width(width, [&](auto size) {
    constexpr int kW = decltype(size)::value;
    run_tasks(kStrips, threads_, [&](Index s) {
      for (Index level = own.strips[at(s)]; level < own.strips[at(s) + 1]; ++level) {
        double* to = &out[at(level * q * kW)];
        for (std::size_t r = 0; r < own.lists.size(); ++r) {
          pull<kW>(own.lists[r], chain_.values(i, r), level, tail.data(), to);
        }
        for (std::size_t k = 0; k < parents.size(); ++k) {
          const int columns = chain_.levels(i + 1 + k).q;
          const Index up = own.parent[k][at(level)];
          add_times<kW>(1.0, chain_.to_parent(i, k) + level * q * columns, q, columns,
                        &(*parents[k])[at(up * columns * kW)], to);
        }
      }
    });
  });
}

void ColumnElimination::back(const std::vector<Matrix>& lambda, const ColumnBlocks& c,
                             ColumnBlocks& b, ColumnBlocks& e) const {
  HugeVector rest;
  for (std::size_t block = 0; block < c.blocks(); ++block) {
    for (std::size_t i = chain_.stages(); i-- > 0;) {
      const ChainLevels& own = chain_.levels(i);
      const int q = own.q;
      std::vector<const HugeVector*> parents;
      for (std::size_t k = i + 1; k < chain_.stages(); ++k) parents.push_back(&b.chain[k][block]);
      pull_rest(i, c.width, parents, b.tail[block], rest);
      for (std::size_t s = 0; s < rest.size(); ++s) rest[s] = c.chain[i][block][s] - rest[s];
      const Matrix d = outer_gram(lambda[at(own.group)]);
      HugeVector& score = e.chain[i][block];
      HugeVector& mode = b.chain[i][block];
      std::fill(score.begin(), score.end(), 0.0);
      std::fill(mode.begin(), mode.end(), 0.0);
      with_width(c.width, [&](auto size) {
        constexpr int kW = decltype(size)::value;
        for (Index level = 0; level < own.n_levels; ++level) {
          const std::size_t row = at(level * q * kW);
          add_times<kW>(1.0, chain_.f(i) + level * q * q, q, q, &rest[row], &score[row]);
          add_times<kW>(1.0, d.data(), q, q, &score[row], &mode[row]);
        }
      });
    }
  }
}

}  // namespace ranef
