// First and second derivatives of a criterion along changes of D and of A, for every layout.
//
// If A depends on parameters, as A(phi) = sum_k c_k(phi) A_k does, the criterion depends on them
// through A. Its second derivatives along pairs of changes are all exact:
//
//   D, D:  <dGamma, E>,   A, D:  <dGamma, E>,   A, A:  <dW, dA_l>,
//
// where dGamma and dW are the derivatives of Gamma = df/dD and W = df/dA along a change
// (tangent.hpp). If A is not linear in its parameters, add <W, d2A>, which is slopes() along d2A.
// Parts of the value that do not go through A (sum log w, the degrees of freedom) are left to the
// caller.
//
// Each change takes a pair of sweeps. For directions of D alone hessian() is faster; the tests
// compare it with this one.
#pragma once

#include <variant>
#include <vector>

#include "criterion/criterion.hpp"
#include "structure/direction.hpp"

namespace ranef {

// A change of D of one grouping factor; or of A, by numbers on the criterion's pattern, which the
// caller owns. Of these numbers only the matrices matter, not the counts of rows and the weights.
using Change = std::variant<Direction, const Numbers*>;

// <Gamma, E> and <W, dA>. If the criterion is refined by its rows, W is still that of the
// cross-products.
Vector slopes(Criterion& criterion, const std::vector<Change>& changes);

// Second derivatives for each of a few changes and each of the others, without priors.
Matrix hessian_rows(Criterion& criterion, const std::vector<Change>& few,
                    const std::vector<Change>& others);

// Second derivatives for all pairs of changes, priors included.
Matrix hessian_along(Criterion& criterion, const std::vector<Change>& changes);

}  // namespace ranef
