// Sums over rows by level, and numbers of levels handed back to rows.
//
// Arrays by row begin at row `from`. Sums are added to what is there.
#pragma once

#include "factor/level_solve.hpp"
#include "marginal/row_map.hpp"

namespace ranef {

// Rows from `from` to `to`, exclusive.
struct RowRange {
  Index from = 0;
  Index to = 0;
  Index size() const { return to - from; }
};

// Blocks q x q on the diagonal of Z'diag(w)Z, by level.
void add_squares(const RowMap& map, int group, RowRange rows, const double* w, double* blocks);

// Z'v by level, q numbers each.
void add_to_levels(const RowMap& map, int group, RowRange rows, const double* v, double* sums);

// The same into one column of q x columns numbers a level.
struct LevelColumn {
  Index level_size = 0;
  Index first = 0;
};
void add_to_levels(const RowMap& map, int group, RowRange rows, const double* v, LevelColumn column,
                   double* sums);

// Blocks of Z'diag(w)Z for the pairs of levels of two factors.
void add_pairs(const RowMap& map, const SortedPair& pair, RowRange rows, const double* w,
               double* blocks);

// out += z_i'b, for one factor; the second form has b in one column of more.
void add_effects(const RowMap& map, int group, RowRange rows, const double* b, double* out);
void add_effects(const RowMap& map, int group, RowRange rows, const double* b, LevelColumn column,
                 double* out);

// out += z_i'M z_i for the blocks on the diagonal of one factor; and twice that for a pair.
void add_forms(const RowMap& map, int group, RowRange rows, const double* blocks, double* out);
void add_pair_forms(const RowMap& map, const SortedPair& pair, RowRange rows, const double* blocks,
                    double* out);

// Adds up v by level of the factor that rows are sorted by.
void add_by_level(const RowMap& map, RowRange rows, const double* v, double* sums);

// sum of a_i b_i, in an order that does not depend on the processor.
double dot(const double* a, const double* b, Index n);
double total(const double* a, Index n);

}  // namespace ranef
