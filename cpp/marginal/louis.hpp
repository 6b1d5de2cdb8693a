// Second derivatives of log I by Louis' identity (1982, JRSS B 44).
//
// With u ~ N(0, I) held, eta is linear in Lambda and the coefficients, and the logarithm of a
// level's integral has the second derivatives
//
//   E[second derivatives of sum l] + Cov(first derivatives of sum l)
//
// under the posterior of u. The nodes stand for the posterior: exact are the integrals of
// polynomials only. Standard errors from here are off by some 1e-2 at 5 nodes and by 1e-5 to 1e-4
// at 9.
//
// D = Lambda Lambda' + E with E out of reach for Lambda (root_map.hpp): a change of the
// distribution of b from N(0, D) to N(0, D + E) changes an expectation of f by that of
// <E, second derivatives of f> / 2. So E has the score (<E, s''> + s'E s') / 2, where s', s'' are
// the first and second derivatives of sum l in b.
#pragma once

#include "marginal/hermite.hpp"
#include "marginal/level_run.hpp"

namespace ranef {

// Sums over the levels of a run, of the second derivatives of log I: by the lower triangle of
// Lambda, the coefficients, and, if `rest`, the lower triangle of E. u: modes of the run.
// False if a number is not finite.
template <int Q>
bool add_louis(LevelRun<Q>& run, const ProductRule& rule, const double* u, bool rest, Matrix& sum);

}  // namespace ranef
