// Other valleys of the criterion along the size of one term's covariance, and along directions of
// it that have no variance; with few rows also along its principal axes, and from scattered starts.
//
// With D_k = e^s D0 and all else held, V has the eigenvalues 1 + e^s lambda_i on its part, and s is
// the natural scale of the criterion's features: each eigenvalue enters by a logistic curve of s,
// whose width is the same for all. For a single random intercept, with z_i^2 of y on the
// eigenvectors, a_i = e^s lambda_i / (1 + e^s lambda_i) and p_i the shares of z_i^2 (1 - a_i) in
// r2,
//
//   f' = sum of a_i - nu E[a],   f'' = sum of a_i (1 - a_i) - nu (E[a (1 - a)] - Var[a]),
//
// mean and variance over p. Where f' = 0, f'' >= nu (1 - p_0) m ((1 + p_0) m - max a_i) with p_0
// the share that no eigenvalue touches and m >= min a_i the mean of the others: positive if the
// largest eigenvalue is below 1 + p_0 times the smallest, and then there is one valley. Otherwise a
// grid with steps shorter than the curves' width, the slope at its points, and the cubic that they
// determine show where the slope changes its sign.
#pragma once

#include <functional>

#include "search/linear_objective.hpp"

namespace ranef {

// A model of several parameters is looked at from a ratio of `uneven` on between its largest and
// smallest level, in sums of squares of its columns, and up to a `few` rows. Leaves the criterion
// evaluated elsewhere.
Valleys other_valleys(LinearObjective& objective, const Vector& theta, const ValleyControl& control,
                      const std::function<bool()>& interrupted);

}  // namespace ranef
