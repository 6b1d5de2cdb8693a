// The columns of a model as Python hands them over.
#pragma once

#include "arrays.hpp"
#include "rows/scaling.hpp"

namespace ranef::binding {

// Columns, whether each is centred, (codes, number of levels) by group, (group, columns) by
// random-effects term, columns of X.
using ModelArgument = std::tuple<std::vector<DoubleColumn>, std::vector<bool>,
                                 std::vector<std::tuple<CodeColumn, Index>>,
                                 std::vector<std::tuple<int, std::vector<int>>>, std::vector<int>>;

ranef::ModelView model_view(const ModelArgument& argument, const DoubleColumn& response,
                            const std::optional<DoubleColumn>& weights);

}  // namespace ranef::binding
