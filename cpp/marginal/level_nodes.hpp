// The quadrature of a run of levels: value and first derivatives.
//
// The nodes of a level are u_k = u + R z_k around its mode (Liu and Pierce 1994, Biometrika 81),
// and its integral is
//
//   I = |R| sum_k w_k exp(z_k'z_k / 2 - h(u_k)),   F = -2 sum log I.
//
// A change of the parameters moves the integrand, the mode and R. The derivatives count all three
// and are those of F as it is computed.
#pragma once

#include <vector>

#include "marginal/hermite.hpp"
#include "marginal/level_run.hpp"

namespace ranef {

// What is kept of levels, level-major.
struct LevelResults {
  std::vector<double> u;           // modes, q
  std::vector<double> dual;        // e = Z'l' at the modes, q
  std::vector<double> covariance;  // of u under the posterior by the nodes, q x q
};

// Sums over levels.
struct NodeSums {
  NodeSums() = default;
  NodeSums(int q, Index coefficients)
      : root_slopes(Matrix::Zero(q, q)),
        gamma(Matrix::Zero(q, q)),
        slopes(Vector::Zero(coefficients)) {}

  void add(const NodeSums& other);

  bool fine = true;
  double value = 0.0;
  double size = 0.0;   // sum of the sizes of what the value is the sum of
  Matrix root_slopes;  // dF/dLambda, q x q
  Matrix gamma;        // dF/dD from the integrals themselves, where asked for
  Vector slopes;       // dF/dc
};

// u of `results` is where the searches begin, and becomes the modes. `by_integrals`: with `gamma`,
// for two nodes and more
//
//   dF/dD = E[Z'WZ - e e'],   e = Z'l',   W = -l'',
//
// under the posterior by the nodes, which is right for singular D too and off by what the nodes
// leave out; for one node Laplace's Gamma.
template <int Q>
NodeSums sum_over_nodes(LevelRun<Q>& run, const ProductRule& rule, double tolerance,
                        bool by_integrals, LevelResults& results);

}  // namespace ranef
