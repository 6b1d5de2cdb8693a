// Covariances where a search begins: one step of Fisher scoring for each term.
//
// With G_j = [Z'V^-1 Z]_jj at level j, V = W^-1 + Z D0 Z', and e_j = [Z'V^-1 r]_j the D of a term
// is the solution of
//
//   sum_j G_j (D - D0) G_j = sum_j (e_j e_j' - G_j)
//
// over its own rows and columns. As P = D0 - D0 G0 D0, the blocks of G0 follow from those of P.
#pragma once

#include "marginal/working_rows.hpp"
#include "structure/chart.hpp"

namespace ranef {

// The standard deviations of D0 and the bounds of D, in units of the linear predictor: a random
// effect with standard deviation 1 and a column whose root mean square is 1.
inline constexpr double kFirstSd = 0.5;
inline constexpr double kMostSd = 3.0;

// By grouping factor: what a coefficient has to be to change the predictor by `unit`, in the root
// mean square over the rows.
std::vector<Vector> effect_units(const RowMap& map, double unit);

// Lambda of D0.
std::vector<Matrix> first_lambda(const std::vector<Vector>& units);

// Coordinates of the chart's covariances. `p`: the blocks of P at D0; `scores`: e; `least`: the
// smallest eigenvalue in units, since F has no slope in the coordinates where D = 0.
Vector scored_covariances(const Chart& chart, const std::vector<Vector>& units,
                          const Pattern& pattern, const PatternBlocks& p, const Effects& scores,
                          double least);

// e^ with D e^ = b, as far as D reaches.
Effects dual_of(const Pattern& pattern, const std::vector<Matrix>& lambda, const Effects& effects);

}  // namespace ranef
