// The traces tr(P A_d P A_c) for a chain of one factor and a tail, for many changes A_d at once.
//
// With p the P of single levels, W that of the tail, and S = [-H; I] over the levels and the tail,
// P = diag(p) + S W S'. With a_d = A_d,jt - A_d,jj H by level and G_d = S'A_d S,
//
//   tr(P A_d P A_c) = sum over levels of tr(p A_d,jj p A_c,jj) + 2 tr(p a_d W a_c')
//                     + tr(W G_d W G_c).
#pragma once

#include <vector>

#include "factor/sweeps.hpp"

namespace ranef {

// Whether the layout is such a one.
bool has_tail_traces(const Pattern& pattern);

// Needs the W that a reverse sweep with a top of zero has kept.
Matrix tail_traces(const Sweeps& sweeps, const std::vector<Numbers>& changes, int threads);

}  // namespace ranef
