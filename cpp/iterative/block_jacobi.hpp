// The matrix that is left over the tail, S = I + Lambda' C Lambda, scaled by its own blocks.
//
// With the Cholesky factors of its blocks on the diagonal, K K', the matrix that is solved with is
//
//   S~ = K^-1 S K^-T = K^-1 K^-T + G' C G,  G = Lambda K^-T,
//
// whose blocks on the diagonal are I. So tr(S~ - I) = 0 exactly. Nothing divides by Lambda.
#pragma once

#include <vector>

#include "iterative/tail_operator.hpp"
#include "linalg/dense.hpp"

namespace ranef {

class BlockJacobi {
 public:
  // `op` has to stay where it is.
  explicit BlockJacobi(TailOperator& op) : operator_(op) {}

  // At one Lambda, once the chain is eliminated. False if a block is not positive definite.
  bool prepare(const std::vector<Matrix>& lambda);

  Index columns() const { return operator_.columns(); }
  const TailOrder& tail() const { return operator_.lists().tail; }
  TailOperator& op() { return operator_; }
  const std::vector<Matrix>& lambda() const { return lambda_; }

  // 2 log det K.
  double log_determinant() const { return log_determinant_; }

  // out = S~ v.
  void apply(int width, const double* v, double* out);

  // out = G v and G' v; out = K^-T v. They may be done in place.
  void g_times(int width, const double* v, double* out) const;
  void g_transposed_times(int width, const double* v, double* out) const;
  void k_inverse_transposed_times(int width, const double* v, double* out) const;

  // By run, q x q by place: C's own blocks, Lambda (K K')^-1 Lambda', and F = (I + C_jj D)^-1.
  const std::vector<HugeVector>& c_blocks() const { return c_; }
  const std::vector<HugeVector>& p_blocks() const { return p_; }
  const std::vector<HugeVector>& f_blocks() const { return f_; }

 private:
  TailOperator& operator_;
  std::vector<Matrix> lambda_;
  std::vector<HugeVector> c_;
  std::vector<HugeVector> k_inverse_;  // K^-1
  std::vector<HugeVector> g_;
  std::vector<HugeVector> p_;
  std::vector<HugeVector> f_;
  HugeVector scaled_;  // G v
  double log_determinant_ = 0.0;
};

}  // namespace ranef
