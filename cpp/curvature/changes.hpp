// First and second derivatives of a criterion along changes of D and of A, for every layout.
//
// Where A depends on parameters, as A(phi) = sum_k c_k(phi) A_k does, the criterion moves with them
// through dA. Its second derivatives along pairs of changes are all exact:
//
//   D, D:  <dGamma, E>,   A, D:  <dGamma, E>,   A, A:  <dW, dA_l>,
//
// where dGamma and dW are what a change does to Gamma = df/dD and W = df/dA (tangent.hpp). For A
// that is not linear in its parameters, <W, d2A> comes on top: slopes() along d2A. What the value
// has beside A (sum log w, the degrees of freedom) is the caller's.
//
// One pair of sweeps for each change: for directions of D alone hessian() is faster, and this is
// its oracle.
#pragma once

#include <variant>
#include <vector>

#include "criterion/criterion.hpp"
#include "structure/direction.hpp"

namespace ranef {

// A change of D of one grouping factor; or of A, by numbers on the criterion's pattern, which stay
// with the caller. Of these count the matrices, rows and weights do not.
using Change = std::variant<Direction, const Numbers*>;

// <Gamma, E> and <W, dA>. Of a criterion that is refined by its rows, W is that of the
// cross-products.
Vector slopes(Criterion& criterion, const std::vector<Change>& changes);

// Second derivatives for each of a few changes and each of the others, without priors.
Matrix hessian_rows(Criterion& criterion, const std::vector<Change>& few,
                    const std::vector<Change>& others);

// Second derivatives for all pairs of the changes, priors included.
Matrix hessian_along(Criterion& criterion, const std::vector<Change>& changes);

}  // namespace ranef
