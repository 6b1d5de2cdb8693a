#include "checks.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "criterion/refinement.hpp"
#include "factor/arrange.hpp"

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

ranef::Chart chart_from(std::vector<ranef::Term> terms, const std::vector<int>& q) {
  for (const ranef::Term& term : terms) {
    require(within(term.group, term.offset, term.q, q),
            "a term lies outside of its grouping factor");
  }
  return ranef::Chart(std::move(terms), q);
}

ranef::Chart chart_from(const TermList& terms, const std::vector<int>& q) {
  std::vector<ranef::Term> list;
  for (const auto& [group, offset, columns] : terms) list.push_back({group, offset, columns});
  return chart_from(std::move(list), q);
}

ranef::Penalty penalty_from(const std::vector<PenaltyArgument>& priors, const std::vector<int>& q) {
  std::vector<ranef::TermPenalty> terms;
  for (const PenaltyArgument& prior : priors) {
    terms.push_back(
        std::apply([](const auto&... part) { return ranef::TermPenalty{part...}; }, prior));
    const ranef::TermPenalty& term = terms.back();
    const Index size = term.change.rows();
    require(within(term.group, term.offset, size, q),
            "a prior lies outside of its grouping factor");
    const Index tails = term.tail_weight.rows();
    require(square(term.change, size) && square(term.trace, size) && term.log_sd.size() == size &&
                term.sd.size() == size && term.tail_scale.rows() == tails &&
                (tails == 0 || (term.tail_weight.cols() == size && term.tail_scale.cols() == size)),
            "a prior of another size than its term");
  }
  return ranef::Penalty(std::move(terms));
}

void check_factor(Index n_levels, std::size_t columns) {
  require(n_levels >= 1 && n_levels <= INT32_MAX,
          "a grouping factor without levels, or of too many");
  require(columns >= 1, "a grouping factor without columns");
}

void check_rows(const ranef::Arranged& arranged, const ranef::RowsView& rows, bool unknown_levels) {
  require(ranef::fits(arranged, rows, arranged.numbers.n - rows.n), "other rows: of another model");
  if (!unknown_levels) ranef::check_codes(rows);
}

void check_state(const nb::tuple& state, std::size_t parts) {
  require(state.size() == parts, "a state of another number of parts");
}

}  // namespace ranef::binding
