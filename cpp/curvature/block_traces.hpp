// Sums of traces over pairs of levels, which exact second derivatives are made of:
//   T[(b, c), (a, d)] = sum over (i, j) of A_ij[b, c] B_ij[a, d],
// A_ij and B_ij the q x r blocks of two matrices for level i of one factor and j of another. Then
//   sum over (i, j) of tr(E A_ij F B_ij') = sum over a, b, c, d of E_ab F_cd T[(b, c), (a, d)].
#pragma once

#include <vector>

#include "curvature/curvature.hpp"

namespace ranef {

// Adds to `table` (q r x q r) the sums over all blocks of a and b, which have the same size.
void add_block_traces(const Eigen::Ref<const Matrix>& a, const Eigen::Ref<const Matrix>& b, int q,
                      int r, Matrix& table);

// sum of E_ab F_cd T[(b, c), (a, d)] for E and F each of the given directions.
Matrix contract(const Matrix& table, const std::vector<Matrix>& e, const std::vector<Matrix>& f);

// Directions of one group with their places among all directions.
struct OwnDirections {
  std::vector<Index> place;
  std::vector<Matrix> d;
};
std::vector<OwnDirections> by_group(const std::vector<Direction>& directions, int n_groups);

// out += scale * (block and, off the diagonal, its transpose) at the places of two groups.
void add_block(const Matrix& block, double scale, const OwnDirections& rows,
               const OwnDirections& columns, Matrix& out);

// What the tail adds for directions of its own factors: with U the scores of [X y] at its levels,
//   -tr(S E S F) + 2 tr(U top U' E S F).
// Needs Sweeps::tail_products.
void add_tail_traces(const Sweeps& sweeps, const Matrix& top, const std::vector<OwnDirections>& own,
                     Matrix& hessian);

// -sum over levels of v_j'E v_j for scores v (m columns, q rows a level) and directions E.
void add_fixed_changes(const Eigen::Ref<const Matrix>& v, int q, const OwnDirections& own,
                       std::vector<Matrix>& fixed);

// Adds what the Schur complement of [X y] contributes when it changes by `fixed` along each
// direction, and fills in the first derivatives.
void finish(const Criterion& criterion, const std::vector<Matrix>& fixed, Curvature& out);

}  // namespace ranef
