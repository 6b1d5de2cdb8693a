// Covariances with directions of no variance.
#pragma once

#include "structure/chart.hpp"

namespace ranef {

// Whether no eigenvalue of T T' for a lower triangular T can be below limit max(1, the largest
// one).
bool clearly_regular(const Matrix& t, double limit);

// Theta with the directions of a block whose variance is below `limit` set to exact zeros; `null`
// gets a basis of what was set to zero. At most `most` directions, the smallest first.
Vector on_boundary(const Chart& chart, const Vector& from, std::size_t k, double limit, int most,
                   Matrix& null);

}  // namespace ranef
