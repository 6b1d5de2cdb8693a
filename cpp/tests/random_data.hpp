// Small random data of any layout, for programs that test or count the core without Python.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "rows/cross_products.hpp"

namespace ranef::tests {

struct Data {
  std::vector<std::vector<std::int32_t>> codes;
  std::vector<Index> levels;
  std::vector<int> widths;
  std::vector<double> x;
  std::vector<double> y;

  RowsView view() const {
    RowsView rows;
    rows.n = static_cast<Index>(y.size());
    for (std::size_t g = 0; g < codes.size(); ++g) {
      GroupView group{codes[g].data(), levels[g], {{nullptr, 0.0, 1.0}}};
      for (int k = 1; k < widths[g]; ++k) group.columns.push_back({x.data(), 0.1 * k, 1.0 + k});
      rows.groups.push_back(group);
    }
    rows.fixed = {{nullptr, 0.0, 1.0}, {x.data(), 0.0, 1.0}};
    rows.response = {y.data(), 0.0, 1.0};
    return rows;
  }
};

// Factor g has levels[g] levels; where parent[g] is set it is nested in the factor before.
inline Data make(const std::vector<Index>& levels, const std::vector<int>& widths,
                 const std::vector<bool>& nested, Index n) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  Data data;
  data.levels = levels;
  data.widths = widths;
  for (std::size_t g = 0; g < levels.size(); ++g) {
    std::vector<std::int32_t> parent;
    for (Index j = 0; nested[g] && j < levels[g - 1]; ++j) {
      parent.push_back(static_cast<std::int32_t>(random() % static_cast<unsigned>(levels[g])));
    }
    std::vector<std::int32_t> codes;
    for (Index i = 0; i < n; ++i) {
      const auto row = static_cast<std::size_t>(i);
      codes.push_back(nested[g]
                          ? parent[static_cast<std::size_t>(data.codes[g - 1][row])]
                          : static_cast<std::int32_t>(random() % static_cast<unsigned>(levels[g])));
    }
    data.codes.push_back(codes);
  }
  for (Index i = 0; i < n; ++i) {
    data.x.push_back(normal(random));
    data.y.push_back(normal(random) + 0.5 * std::sin(static_cast<double>(
                                                data.codes[0][static_cast<std::size_t>(i)])));
  }
  return data;
}

}  // namespace ranef::tests
