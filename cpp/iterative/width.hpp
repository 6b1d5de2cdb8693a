// Columns side by side: element (row, column k) of a block of columns is at row * width + k. A
// list that is read for one column then serves all of them.
#pragma once

#include <type_traits>

#include "linalg/dense.hpp"
#include "linalg/numbers.hpp"

namespace ranef {

// The most columns that stand side by side.
constexpr int kWidth = 8;

// Widths for which loops are compiled. A block has the least of them that its columns fit into.
inline int width_for(Index columns) {
  return columns > 4 ? 8 : columns > 2 ? 4 : columns > 1 ? 2 : 1;
}

// Runs call(std::integral_constant<int, width>).
template <class Call>
auto with_width(int width, const Call& call) {
  switch (width) {
    case 1:
      return call(std::integral_constant<int, 1>{});
    case 2:
      return call(std::integral_constant<int, 2>{});
    case 4:
      return call(std::integral_constant<int, 4>{});
    default:
      return call(std::integral_constant<int, 8>{});
  }
}

}  // namespace ranef
