// Exact second derivatives when there is a single grouping factor: sums over levels of products of
// small matrices, whatever the number of directions.
//
// With S = F C_jj, x = U_X and e = U v at a level, kappa = nu / r2, B = x Q^-1 x' under REML else
// 0,
//   d2f(E, F) = - sum_j [tr(S E W F) + tr(W E S F)] + [REML] -tr(Q^-1 m_E Q^-1 m_F)
//               - 2 kappa c_E' Q^-1 c_F - (nu / r2^2) d_E d_F,
//   W = S / 2 - B - kappa e e',  m_E = sum_j x' E x,  c_E = sum_j x' E e,  d_E = -sum_j e' E e.
#include <algorithm>

#include "criterion.hpp"
#include "small.hpp"

namespace ranef {

namespace {

struct Sums {
  Matrix sw;  // vec(S) vec(W)', q^2 x q^2
  Matrix xx;  // vec(x_a x_b'), p^2 x q^2: column (a, b)
  Matrix xe;  // x_a e_b, p x q^2
  Matrix ee;  // q x q
};

// The levels' S, W and [x' e]' side by side: sums over levels are products of these.
template <int Q>
Sums sums_over_levels(const Sweeps& sweeps, const Vector& beta, const Matrix& xx_inverse,
                      double kappa, bool reml) {
  const Problem& problem = sweeps.problem();
  const Stage& stage = problem.chain[0];
  const StageState& state = sweeps.stage(0);
  const int q = Small<Q>::size(stage.q);
  const int p = problem.p;
  const int m = problem.m;
  const int qq = q * q;
  Matrix all_s(qq, stage.n_levels);
  Matrix all_w(qq, stage.n_levels);
  Matrix all_v(q * m, stage.n_levels);  // vec of x (q x p), then e
  std::vector<double> xq(at(q) * at(std::max(p, 1)));
  for (Index level = 0; level < stage.n_levels; ++level) {
    const double* u = &state.u[at(level * q * m)];
    double* s = all_s.data() + level * qq;
    double* w = all_w.data() + level * qq;
    double* x = all_v.data() + level * q * m;
    double* e = x + p * q;
    Small<Q>::multiply(q, &state.f[at(level * qq)], &stage.diagonal[at(level * qq)], s);
    std::copy_n(u, at(q * m), x);
    for (int k = 0; k < p; ++k) {
      for (int a = 0; a < q; ++a) e[a] -= u[a + k * q] * beta(k);
    }
    for (int b = 0; b < q; ++b) {
      for (int a = 0; a < q; ++a) w[a + b * q] = 0.5 * s[a + b * q] - kappa * e[a] * e[b];
    }
    if (reml && p > 0) {
      Small<Q>::multiply_symmetric(q, u, xx_inverse.data(), p, xq.data());
      Small<Q>::add_outer(q, -1.0, xq.data(), u, p, w);
    }
  }
  Matrix products = Matrix::Zero(q * m, q * m);
  products.selfadjointView<Eigen::Lower>().rankUpdate(all_v);
  products.triangularView<Eigen::StrictlyUpper>() = products.transpose();
  Sums sums{all_s * all_w.transpose(), Matrix(p * p, qq), Matrix(p, qq), Matrix(q, q)};
  sums.ee = products.bottomRightCorner(q, q);
  for (int b = 0; b < q; ++b) {
    for (int a = 0; a < q; ++a) {
      for (int k = 0; k < p; ++k) {
        sums.xe(k, a + b * q) = products(a + k * q, b + p * q);
        for (int l = 0; l < p; ++l) {
          sums.xx(k + l * p, a + b * q) = products(a + k * q, b + l * q);
        }
      }
    }
  }
  return sums;
}

// tr(S E W F) from the sum of vec(S) vec(W)': E_ab F_cd S_da W_bc.
double contract(const Matrix& sw, const Matrix& e, const Matrix& f) {
  const Index q = e.rows();
  double sum = 0.0;
  for (Index a = 0; a < q; ++a) {
    for (Index b = 0; b < q; ++b) {
      if (e(a, b) == 0.0) continue;
      for (Index c = 0; c < q; ++c) {
        for (Index d = 0; d < q; ++d) sum += e(a, b) * f(c, d) * sw(d + a * q, b + c * q);
      }
    }
  }
  return sum;
}

}  // namespace

Curvature Criterion::hessian_of_one_factor(const std::vector<Direction>& directions) {
  const double kappa = nu_ / r2_;
  const int q = problem_.chain[0].q;
  const int p = problem_.p;
  const Sums sums = with_size(q, [&](auto size) {
    return sums_over_levels<decltype(size)::value>(sweeps_, beta_, xx_inverse_, kappa, reml_);
  });
  const auto count = static_cast<Index>(directions.size());
  Curvature out;
  out.hessian.resize(count, count);
  out.r2.resize(count);
  Matrix c(p, count);
  std::vector<Matrix> mq;
  for (Index k = 0; k < count; ++k) {
    const Matrix& d = directions[at(k)].d;
    const Eigen::Map<const Vector> vec(d.data(), q * q);
    out.r2(k) = -sums.ee.cwiseProduct(d).sum();
    const Vector m = sums.xx * vec;
    out.xx.push_back(-Eigen::Map<const Matrix>(m.data(), p, p));
    c.col(k) = sums.xe * vec;
    mq.push_back(xx_inverse_ * out.xx.back());
  }
  const Matrix cqc = c.transpose() * xx_inverse_ * c;
  for (Index k = 0; k < count; ++k) {
    for (Index l = 0; l <= k; ++l) {
      double value = -contract(sums.sw, directions[at(k)].d, directions[at(l)].d) -
                     contract(sums.sw, directions[at(l)].d, directions[at(k)].d);
      value -= 2.0 * kappa * cqc(k, l) + nu_ / (r2_ * r2_) * out.r2(k) * out.r2(l);
      if (reml_ && p > 0) {
        value -= mq[at(k)].cwiseProduct(mq[at(l)].transpose()).sum();
      }
      out.hessian(k, l) = value;
      out.hessian(l, k) = value;
    }
  }
  return out;
}

}  // namespace ranef
