// The numbers of A, laid out on a pattern.
//
// One pattern is filled with numbers many times: for each replicate of a response, for other
// weights of the rows, and if A is a sum of fixed matrices with varying coefficients,
//   A(phi) = sum_k c_k(phi) A_k.
#pragma once

#include <memory>
#include <vector>

#include "factor/pattern.hpp"
#include "factor/tail_matrix.hpp"
#include "linalg/dense.hpp"
#include "linalg/numbers.hpp"
#include "rows/cross_products.hpp"

namespace ranef {

// A on the rows of one chain factor.
struct StageNumbers {
  HugeVector diagonal;  // q x q per level
  HugeVector rest;      // q x rest columns, all levels
};

struct Numbers {
  Index n = 0;
  double sum_log_weights = 0.0;
  Matrix fixed;                                 // [X y]'W[X y], m x m
  std::vector<StageNumbers> chain;              // by stage
  std::vector<HugeVector> tail;                 // by tail factor: q x q per level
  std::vector<std::vector<double>> tail_pairs;  // by pair: q_first x q_second each
  Matrix tail_fixed;                            // tail columns x m
};

// The whole of A: a shared pattern and its own numbers. `->` leads to the pattern.
struct Arranged {
  std::shared_ptr<const Pattern> pattern;
  Numbers numbers;

  const Pattern* operator->() const { return pattern.get(); }
  const Pattern& operator*() const { return *pattern; }
};

// Throws as make_pattern() does.
Arranged arrange(const CrossProducts& a, int threads = 1);

// Other cross-products on a pattern: those of the same columns and levels, whose pairs of levels
// are among those of the pattern. Throws if they are not.
Numbers arrange_numbers(const Pattern& pattern, const CrossProducts& a, int threads = 1);

// The same into existing numbers: nothing is allocated.
void refill(const Pattern& pattern, const CrossProducts& a, int threads, Numbers& out);

// sum_k c_k A_k, all on one pattern. Rows and weights are those of the first.
void combine(const Vector& coefficients, const std::vector<const Numbers*>& terms, Numbers& out);

// a += A over the tail columns.
void add_tail(const Pattern& pattern, const Numbers& numbers, TailMatrix& a);

// A v over the tail columns, v by tail column.
Matrix tail_times(const Arranged& arranged, const Matrix& v);

// Calls use(row, column, block) with first tail columns for the blocks of A over the tail that are
// on the diagonal or above it.
template <class Use>
void for_tail_blocks(const Pattern& pattern, const Numbers& numbers, Use use) {
  for (std::size_t t = 0; t < pattern.tail.size(); ++t) {
    const TailGroup& group = pattern.tail[t];
    const Index q = group.q;
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * q;
      use(from, from, Eigen::Map<const Matrix>(&numbers.tail[t][at(level * q * q)], q, q));
    }
  }
  for (std::size_t t = 0; t < pattern.tail_pairs.size(); ++t) {
    const TailPair& pair = pattern.tail_pairs[t];
    const TailGroup& first = pattern.tail[pair.first];
    const TailGroup& second = pattern.tail[pair.second];
    const std::size_t size = at(first.q) * at(second.q);
    for (Index level = 0; level < first.n_levels; ++level) {
      for (auto k = at(pair.start[at(level)]); k < at(pair.start[at(level) + 1]); ++k) {
        use(first.offset + level * first.q, second.offset + Index{pair.level[k]} * second.q,
            Eigen::Map<const Matrix>(&numbers.tail_pairs[t][k * size], first.q, second.q));
      }
    }
  }
}

}  // namespace ranef
