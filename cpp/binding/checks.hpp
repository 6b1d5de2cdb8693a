// What the core takes for granted, asked of what Python hands over: each rule once. Throws
// ValueError.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "criterion/penalty.hpp"
#include "marginal/penalised.hpp"
#include "rows/scaling.hpp"
#include "structure/chart.hpp"
#include "structure/direction.hpp"

namespace ranef::binding {

// Parts of sizes that agree, as the core makes them: for those that come out of a pickle.
void check(const ranef::CrossProducts& a);
void check(const ranef::Scaling& scaling);

// A term whose structure exists, and the scaling that it allows. Its place is checked by the
// callers who know its factor.
ranef::Term checked(ranef::Term term);

// Terms and priors within the factors, which have so many columns.
ranef::Chart chart_from(std::vector<ranef::Term> terms, const std::vector<int>& q,
                        Index others = 0);
ranef::Penalty penalty_from(std::vector<ranef::TermPenalty> priors, const std::vector<int>& q);

// Precision, centre and constant of a prior of so many coefficients.
using NormalArgument = std::tuple<Matrix, Vector, double>;
ranef::NormalPrior normal_prior_from(const NormalArgument& normal, Index size);

// One Lambda for each factor, and changes of their D, of its size.
void check_lambda(const std::vector<Matrix>& lambda, const std::vector<int>& q);
std::vector<ranef::Direction> directions_from(
    const std::vector<std::tuple<int, Matrix>>& directions, const std::vector<int>& q);

// A level count that codes can reach, and at least one column.
void check_factor(Index n_levels, std::size_t columns);

// As many shifts, or scales, as columns.
void check_scales(std::size_t found, std::size_t columns);

// A column of this length.
void check_length(Index found, Index n);

// Terms that divide the columns of the factors among them, side by side in their order.
void check_terms(const std::vector<ranef::Term>& terms, const ranef::RowsView& rows);

// The same, and no more levels than rows.
void check_model(const ranef::RowsView& rows, const std::vector<ranef::Term>& terms);

// At least one grouping factor, and no more levels than rows.
void check_levels(const ranef::RowsView& rows);

// The columns that the scaling is of.
void check_scaled(const ranef::RowsView& rows, const ranef::Scaling& scaling);

// The rows of the problem: its factors, levels and columns, and all its rows except `others`.
void check_rows(const ranef::Arranged& arranged, const ranef::RowsView& rows, Index others = 0);

// Any rows of the same factors, levels and columns; negative codes stand for unknown levels.
void check_new_rows(const ranef::Arranged& arranged, const ranef::RowsView& rows);

// Rows of as many values as the term has columns, and a term that lies within its factor.
void check_pool(const ranef::Term& term, Index rows, Index columns, const std::vector<int>& q);

// A pickled state of so many parts.
void check_state(const nb::tuple& state, std::size_t parts);

}  // namespace ranef::binding
