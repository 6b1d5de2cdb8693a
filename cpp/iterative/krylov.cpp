#include "iterative/krylov.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <Eigen/Eigenvalues>

#include "linalg/checkpoint.hpp"

namespace ranef {

namespace {

using Sums = std::array<double, kWidth>;

template <int W>
Sums dots(std::size_t rows, const double* a, const double* b) {
  double sum[W] = {};
  for (std::size_t i = 0; i < rows; ++i) {
    for (int k = 0; k < W; ++k) sum[k] += a[i * W + at(k)] * b[i * W + at(k)];
  }
  Sums out = {};
  for (int k = 0; k < W; ++k) out[at(k)] = sum[k];
  return out;
}

template <int W>
void solve(BlockJacobi& s, const HugeVector& b, const KrylovControl& control, Krylov& out) {
  const auto rows = at(s.columns());
  out.x.assign(rows * W, 0.0);
  out.residual = b;
  out.lanczos.assign(W, {});
  out.iterations = 0;
  HugeVector direction = b;
  HugeVector product(rows * W);
  Sums rho = dots<W>(rows, b.data(), b.data());
  Sums goal = {};
  std::array<bool, kWidth> open = {};
  Sums before = {};  // 1 / alpha of the last iteration
  Sums beta = {};
  bool any = false;
  for (int k = 0; k < W; ++k) {
    goal[at(k)] = control.tolerance * control.tolerance * rho[at(k)];
    open[at(k)] = rho[at(k)] > 0.0;
    any = any || open[at(k)];
  }
  while (any && out.iterations < control.most) {
    checkpoint();
    s.apply(W, direction.data(), product.data());
    const Sums bend = dots<W>(rows, direction.data(), product.data());
    double alpha[W] = {};
    for (std::size_t k = 0; k < W; ++k) {
      if (!open[k]) continue;
      if (!(bend[k] > 0.0) || !std::isfinite(bend[k])) return;
      alpha[k] = rho[k] / bend[k];
      Tridiagonal& t = out.lanczos[k];
      if (!t.diagonal.empty()) t.beside.push_back(std::sqrt(beta[k]) * before[k]);
      t.diagonal.push_back(1.0 / alpha[k] + beta[k] * before[k]);
    }
    ++out.iterations;
    for (std::size_t i = 0; i < rows * W; i += W) {
      for (std::size_t k = 0; k < W; ++k) {
        out.x[i + k] += alpha[k] * direction[i + k];
        out.residual[i + k] -= alpha[k] * product[i + k];
      }
    }
    const Sums next = dots<W>(rows, out.residual.data(), out.residual.data());
    double ratio[W] = {};
    any = false;
    for (std::size_t k = 0; k < W; ++k) {
      if (!open[k]) continue;
      before[k] = 1.0 / alpha[k];
      beta[k] = ratio[k] = next[k] / rho[k];
      rho[k] = next[k];
      open[k] = next[k] > goal[k];
      any = any || open[k];
    }
    if (!any) break;
    for (std::size_t i = 0; i < rows * W; i += W) {
      for (std::size_t k = 0; k < W; ++k) {
        direction[i + k] = out.residual[i + k] + ratio[k] * direction[i + k];
      }
    }
  }
  out.fine = !any;
}

}  // namespace

void conjugate_gradients(BlockJacobi& s, int width, const HugeVector& b,
                         const KrylovControl& control, Krylov& out) {
  out.fine = false;
  with_width(width, [&](auto size) { solve<decltype(size)::value>(s, b, control, out); });
}

LogSums log_less_first_order(const Tridiagonal& t) {
  LogSums out;
  const auto n = static_cast<Index>(t.diagonal.size());
  const auto add = [&](double value, double weight) {
    const double log =
        value > 0.0 ? std::log(value) - (value - 1.0) : std::numeric_limits<double>::quiet_NaN();
    out.value += weight * log;
    out.second += weight * log * log;
    out.fourth += weight * log * log * log * log;
  };
  if (n == 0) return out;
  const Eigen::Map<const Vector> diagonal(t.diagonal.data(), n);
  if (n == 1) {
    add(diagonal(0), 1.0);
    return out;
  }
  Eigen::SelfAdjointEigenSolver<Matrix> solver;
  solver.computeFromTridiagonal(diagonal, Eigen::Map<const Vector>(t.beside.data(), n - 1));
  for (Index k = 0; k < n; ++k) {
    const double root = solver.eigenvectors()(0, k);
    add(solver.eigenvalues()(k), root * root);
  }
  return out;
}

}  // namespace ranef
