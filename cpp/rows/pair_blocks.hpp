// Blocks Z_g' W Z_h of the level pairs that occur.
#pragma once

#include <optional>
#include <vector>

#include "rows/cross_products.hpp"

namespace ranef {

// The level of the second factor in which each level of the first one lies, -1 for a level without
// rows; nothing where some level lies in two.
std::optional<std::vector<std::int32_t>> parents(const GroupView& first, const GroupView& second,
                                                 Index n);

// The pairs of one factor with factors that it is not nested in.
std::vector<PairBlocks> crossed_pairs(const RowsView& rows, int first,
                                      const std::vector<int>& seconds, int threads);

}  // namespace ranef
