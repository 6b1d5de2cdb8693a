// Another response for the same rows: only Z'Wy, X'Wy and y'Wy are formed anew.
#pragma once

#include "rows/cross_products.hpp"

namespace ranef {

// The cross-products of `rows` from those of the same rows with another response: factors, columns,
// shifts, scales and weights must be those `a` was made from. One pass over the rows.
CrossProducts change_response(const CrossProducts& a, const RowsView& rows,
                              const PassOptions& options = {});

}  // namespace ranef
