#include "rows/change_response.hpp"

#include <stdexcept>

#include "rows/row_sums.hpp"

namespace ranef {

CrossProducts change_response(const CrossProducts& a, const RowsView& rows,
                              const PassOptions& options) {
  bool same = rows.n == a.n && static_cast<int>(rows.fixed.size()) == a.p &&
              rows.groups.size() == a.groups.size();
  for (std::size_t g = 0; same && g < a.groups.size(); ++g) {
    same = rows.groups[g].n_levels == a.groups[g].n_levels &&
           static_cast<int>(rows.groups[g].columns.size()) == a.groups[g].q;
  }
  if (!same) throw std::invalid_argument("a response of other rows");
  check_codes(rows, options.threads);

  DistinctColumns columns;
  const int y = columns.add(rows.response);
  ColumnPairs pairs;
  for (const ColumnView& column : rows.fixed) pairs.emplace_back(columns.add(column), y);
  pairs.emplace_back(y, y);
  std::vector<LevelSums> factors;
  for (const GroupView& group : rows.groups) {
    LevelSums sums;
    sums.codes = group.codes;
    sums.n_levels = group.n_levels;
    sums.q = static_cast<int>(group.columns.size());
    for (const ColumnView& column : group.columns) sums.columns.push_back(columns.add(column));
    sums.columns.push_back(y);
    factors.push_back(std::move(sums));
  }
  const RowSums found = sum_rows(rows.n, columns, pairs, factors, rows.weights, options);

  CrossProducts out = a;
  const Index p = a.p;
  for (Index j = 0; j <= p; ++j) out.fixed(j, p) = out.fixed(p, j) = found.totals[at(j)];
  for (std::size_t g = 0; g < factors.size(); ++g) {
    const LevelSums& sums = factors[g];
    const int q = sums.q;
    for (Index level = 0; level < sums.n_levels; ++level) {
      const double* from = &found.levels[g][at(level * sums.stride())];
      double* to = &out.groups[g].fixed[at((level * (p + 1) + p) * q)];
      for (int k = 0; k < q; ++k) to[k] = from[sums.slot(k, q)];
    }
  }
  return out;
}

}  // namespace ranef
