// Cross-products with an X of few different rows, as categories make it.
//
// Rows with the same row of X form a cell. With C the indicators of the cells X = C T, so that
// sums over the cells, which cost the same for any number of columns, hold all that X asks for.
#pragma once

#include "rows/cross_products.hpp"

namespace ranef {

// `a` has no X, and the cells as its last grouping factor, with the intercept alone; row c of t is
// that of X in cell c. Throws std::invalid_argument where these do not fit.
CrossProducts from_cells(const CrossProducts& a, const Matrix& t);

}  // namespace ranef
