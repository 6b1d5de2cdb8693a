#include "checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <utility>

#include "criterion/refinement.hpp"
#include "factor/arrange.hpp"
#include "structure/registry.hpp"

namespace ranef::binding {

namespace {

void require(bool fine, const char* what) {
  if (!fine) throw nb::value_error(what);
}

bool square(const Matrix& matrix, Index size) {
  return matrix.rows() == size && matrix.cols() == size;
}

// Products of sizes as doubles: they cannot overflow, and equal a size in memory only if they are
// that size.
template <class Vector, class... Sizes>
bool holds(const Vector& values, Sizes... sizes) {
  return static_cast<double>(values.size()) == (1.0 * ... * static_cast<double>(sizes));
}

void check(const ranef::PairBlocks& pair, const ranef::GroupBlocks& first,
           const ranef::GroupBlocks& second) {
  constexpr const char* kWrong = "pairs of levels that do not fit their factors";
  const auto count = static_cast<std::int64_t>(pair.level.size());
  require(holds(pair.start, first.n_levels + 1) && pair.start.front() == 0 &&
              pair.start.back() == count && std::is_sorted(pair.start.begin(), pair.start.end()) &&
              holds(pair.values, count, first.q, second.q),
          kWrong);
  for (std::size_t row = 0; row + 1 < pair.start.size(); ++row) {
    std::int64_t before = -1;
    for (auto k = at(pair.start[row]); k < at(pair.start[row + 1]); ++k) {
      require(pair.level[k] > before && pair.level[k] < second.n_levels, kWrong);
      before = pair.level[k];
    }
  }
}

void check(const ranef::MatrixScaling& matrix) {
  require(matrix.scales.size() == matrix.shifts.size() && matrix.intercept >= -1 &&
              matrix.intercept < matrix.size(),
          "shifts and scales of different columns");
}

bool within(int group, int offset, Index columns, const std::vector<int>& q) {
  return group >= 0 && group < static_cast<int>(q.size()) && offset >= 0 && columns >= 1 &&
         offset <= q[at(group)] - columns;
}

}  // namespace

void check(const ranef::CrossProducts& a) {
  require(a.n >= 0 && a.p >= 0 && square(a.fixed, Index{a.p} + 1),
          "cross-products of X and y of another size");
  for (const ranef::GroupBlocks& group : a.groups) {
    check_factor(group.n_levels, static_cast<std::size_t>(std::max(group.q, 0)));
    require(holds(group.diagonal, group.n_levels, group.q, group.q) &&
                holds(group.fixed, group.n_levels, group.q, a.fixed.rows()),
            "cross-products of another number of levels or columns");
  }
  auto pair = a.pairs.begin();
  for (std::size_t first = 0; first < a.groups.size(); ++first) {
    for (std::size_t second = first + 1; second < a.groups.size(); ++second, ++pair) {
      require(pair != a.pairs.end() && pair->first == static_cast<int>(first) &&
                  pair->second == static_cast<int>(second),
              "a pair of factors is missing");
      check(*pair, a.groups[first], a.groups[second]);
    }
  }
  require(pair == a.pairs.end(), "more pairs than factors have");
  if (a.groups.size() > 2) ranef::check_tail(*ranef::make_pattern(a));
}

void check(const ranef::Scaling& scaling) {
  check(scaling.x);
  require(scaling.z.size() == scaling.terms.size(), "one scaling for each term");
  for (std::size_t k = 0; k < scaling.z.size(); ++k) {
    check(scaling.z[k]);
    require(scaling.z[k].size() == scaling.terms[k].q, "a scaling of another size than its term");
  }
  require(scaling.orthogonal.size() == 0 || square(scaling.orthogonal, scaling.x.size()),
          "a triangular factor of another size than X");
}

ranef::Term checked(ranef::Term term) {
  const auto made = ranef::make_structure(term);
  require(made || term.q < 1, "no such structure of a covariance");
  if (made) term.structure.rescaling = made->rescaling();
  return term;
}

ranef::Chart chart_from(std::vector<ranef::Term> terms, const std::vector<int>& q, Index others) {
  for (const ranef::Term& term : terms) {
    require(within(term.group, term.offset, term.q, q),
            "a term lies outside of its grouping factor");
  }
  return ranef::Chart(std::move(terms), q, others);
}

ranef::NormalPrior normal_prior_from(const NormalArgument& normal, Index size) {
  const auto& [precision, centre, constant] = normal;
  require(precision.rows() == size && precision.cols() == size && centre.size() == size,
          "a normal prior of another number of coefficients");
  require(precision.allFinite() && centre.allFinite() && std::isfinite(constant) &&
              precision == precision.transpose(),
          "a normal prior that is not finite, or not symmetric");
  return {precision, centre, constant};
}

ranef::Penalty penalty_from(std::vector<ranef::TermPenalty> priors, const std::vector<int>& q) {
  for (const ranef::TermPenalty& term : priors) {
    const Index size = term.change.rows();
    require(within(term.group, term.offset, size, q),
            "a prior lies outside of its grouping factor");
    const Index tails = term.tail_weight.rows();
    require(square(term.change, size) && square(term.trace, size) && term.log_sd.size() == size &&
                term.sd.size() == size && term.tail_scale.rows() == tails &&
                (tails == 0 || (term.tail_weight.cols() == size && term.tail_scale.cols() == size)),
            "a prior of another size than its term");
  }
  return ranef::Penalty(std::move(priors));
}

void check_lambda(const std::vector<Matrix>& lambda, const std::vector<int>& q) {
  require(lambda.size() == q.size(), "one Lambda for each factor");
  for (std::size_t g = 0; g < q.size(); ++g) {
    require(square(lambda[g], q[g]), "a Lambda has another size than its factor");
  }
}

std::vector<ranef::Direction> directions_from(
    const std::vector<std::tuple<int, Matrix>>& directions, const std::vector<int>& q) {
  std::vector<ranef::Direction> out;
  for (const auto& [group, d] : directions) {
    require(group >= 0 && group < static_cast<int>(q.size()), "no such grouping factor");
    require(square(d, q[at(group)]), "a direction of another size");
    out.push_back({group, d});
  }
  return out;
}

void check_factor(Index n_levels, std::size_t columns) {
  require(n_levels >= 1 && n_levels <= INT32_MAX,
          "a grouping factor without levels, or of too many");
  require(columns >= 1, "a grouping factor without columns");
}

void check_scales(std::size_t found, std::size_t columns) {
  require(found == columns, "one shift and one scale for each column");
}

void check_length(Index found, Index n) { require(found == n, "columns of different lengths"); }

void check_terms(const std::vector<ranef::Term>& terms, const ranef::RowsView& rows) {
  constexpr const char* kWrong = "terms that do not divide the columns of their factors";
  std::vector<int> widths(rows.groups.size(), 0);
  for (const ranef::Term& term : terms) {
    require(term.group >= 0 && term.group < static_cast<int>(widths.size()), kWrong);
    int& width = widths[at(term.group)];
    const auto left = static_cast<int>(rows.groups[at(term.group)].columns.size()) - width;
    require(term.offset == width && term.q >= 1 && term.q <= left, kWrong);
    width += term.q;
  }
  for (std::size_t g = 0; g < widths.size(); ++g) {
    require(widths[g] == static_cast<int>(rows.groups[g].columns.size()), kWrong);
  }
}

void check_model(const ranef::RowsView& rows, const std::vector<ranef::Term>& terms) {
  check_terms(terms, rows);
  for (const ranef::GroupView& group : rows.groups) {
    require(group.n_levels <= rows.n, "levels without rows");
  }
}

void check_levels(const ranef::RowsView& rows) {
  require(!rows.groups.empty(), "no grouping factor");
  for (const ranef::GroupView& group : rows.groups) {
    require(group.n_levels <= rows.n, "levels without rows");
  }
}

void check_scaled(const ranef::RowsView& rows, const ranef::Scaling& scaling) {
  check_terms(scaling.terms, rows);
  require(scaling.x.size() == static_cast<int>(rows.fixed.size()), "a scaling of other columns");
}

void check_rows(const ranef::Arranged& arranged, const ranef::RowsView& rows, Index others) {
  require(rows.n + others == arranged.numbers.n, "other rows: not as many");
  require(ranef::fits(arranged, rows, others), "other rows: of another model");
  ranef::check_codes(rows);
}

void check_new_rows(const ranef::Arranged& arranged, const ranef::RowsView& rows) {
  require(ranef::fits(arranged, rows, arranged.numbers.n - rows.n), "other rows: of another model");
  for (const ranef::GroupView& group : rows.groups) {
    require(rows.n == 0 || *std::max_element(group.codes, group.codes + rows.n) < group.n_levels,
            "a level code lies outside of 0 .. n_levels - 1");
  }
}

void check_pool(const ranef::Term& term, Index rows, Index columns, const std::vector<int>& q) {
  require(rows > 0 && columns == term.q && within(term.group, term.offset, columns, q),
          "a pool lies outside of its grouping factor");
}

void check_state(const nb::tuple& state, std::size_t parts) {
  require(state.size() == parts, "a state of another number of parts");
}

}  // namespace ranef::binding
