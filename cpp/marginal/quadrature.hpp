// The marginal likelihood of one grouping factor by adaptive Gauss-Hermite quadrature.
//
// The nodes of each level are those of a product rule, placed around its mode and scaled by the
// curvature there (level_nodes.hpp). With one node this is Laplace's approximation; F tends to the
// likelihood as nodes are added. All constants are kept.
//
// What the numbers are:
//
//   value()    F as the nodes give it. Signs of columns of Lambda make no difference. As product
//              rules are not invariant under rotations, F is a function of D through its lower
//              triangular root; roots of a singular D may differ by the error of the quadrature.
//   slopes()   dF/dc, exact for F as computed.
//   gamma()    The symmetric matrix whose 2 Gamma Lambda has the lower triangle of dF/dLambda,
//   which
//              again is exact for F as computed. Where Lambda is singular that leaves Gamma open on
//              the null space of D. There it is dF/dD of the integrals themselves,
//              E[Z'WZ - e e'] under the posterior, as the nodes give it.
//   second()   Louis' identity (louis.hpp): the second derivatives of the likelihood itself, with
//              the nodes in place of the posterior. They are not those of F as computed: standard
//              errors differ by some 1e-2 at 5 nodes and 1e-5 to 1e-4 at 9. Below 3 nodes, where
//              the identity says nothing, this is exact_second().
//   exact_second()
//              Central differences of the exact first derivatives: second derivatives of F as
//              computed, to some 1e-7 of a curvature. Along changes of D that no change of Lambda
//              makes up they are those of Louis' identity.
//   conditional_variances()
//              Covariances of b under the posterior as the nodes give it, about the posterior's
//              mean. With one node this is P, as in Laplace's method.
//
// For the Gaussian family with the identity link and three nodes or more all of these are exact and
// equal those of Laplace's method.
#pragma once

#include <memory>

#include "marginal/marginal.hpp"

namespace ranef {

// The most nodes for q columns: 25, 15, 9 for q = 1, 2, 3.
int most_nodes(int q);

// Throws std::invalid_argument if there is not exactly one grouping factor, if it has more than 3
// columns, and if `nodes` is below 1 or above most_nodes(q). The family must outlive what is made.
std::unique_ptr<Marginal> make_quadrature(const GeneralisedRows& rows, const Family& family,
                                          int nodes, int threads);

}  // namespace ranef
