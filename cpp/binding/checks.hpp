// What the core takes for granted, asked of what Python hands over: each rule once. Throws
// ValueError.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "criterion/penalty.hpp"
#include "rows/scaling.hpp"
#include "structure/chart.hpp"

namespace ranef::binding {

using TermList = std::vector<std::tuple<int, int, int>>;  // group, offset, q

// Group, offset, B, then the coefficients in the order of ranef::TermPenalty.
using PenaltyArgument =
    std::tuple<int, int, Matrix, double, double, Matrix, Vector, Vector, Matrix, Matrix, double>;

// Parts of sizes that agree, as the core makes them: for those that come out of a pickle.
void check(const ranef::CrossProducts& a);
void check(const ranef::Scaling& scaling);

// Terms and priors within the factors, which have so many columns.
ranef::Chart chart_from(std::vector<ranef::Term> terms, const std::vector<int>& q);
ranef::Chart chart_from(const TermList& terms, const std::vector<int>& q);
ranef::Penalty penalty_from(const std::vector<PenaltyArgument>& priors, const std::vector<int>& q);

// A level count that codes can reach, and at least one column.
void check_factor(Index n_levels, std::size_t columns);

// The factors, levels and columns of the problem; codes may be negative only for `unknown_levels`.
void check_rows(const ranef::Arranged& arranged, const ranef::RowsView& rows, bool unknown_levels);

// A pickled state of so many parts.
void check_state(const nb::tuple& state, std::size_t parts);

}  // namespace ranef::binding
