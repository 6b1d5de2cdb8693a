// Other fixed-effects columns and another response, linear combinations of those there are.
#pragma once

#include "rows/cross_products.hpp"

namespace ranef {

// The cross-products of the same rows with [X y] `change` in the place of [X y]; the last column of
// the product is the response.
CrossProducts change_fixed(const CrossProducts& a, const Matrix& change);

}  // namespace ranef
