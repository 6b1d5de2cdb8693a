// Which of the exact Hessians serves the layout.
#include <utility>

#include "criterion/criterion.hpp"
#include "curvature/nested_hessian.hpp"
#include "curvature/trace_products.hpp"
#include "curvature/wide_hessian.hpp"
#include "linalg/products.hpp"

namespace ranef {

HessianPath hessian_path(const Arranged& arranged) {
  if (arranged.n_groups == 1) return HessianPath::kSumsOverLevels;
  if (arranged.chain.size() > 1) return HessianPath::kNested;
  return has_wide_hessian(arranged) ? HessianPath::kTallProducts : HessianPath::kTraceProducts;
}

Curvature Criterion::curvature(const std::vector<Direction>& directions) {
  const HessianPath path = hessian_path(arranged_);
  Curvature out = path == HessianPath::kSumsOverLevels ? single_curvature(directions, true)
                  : path == HessianPath::kNested       ? nested_hessian(*this, directions)
                  : path == HessianPath::kTallProducts ? wide_hessian(*this, directions)
                                                       : curvature_with_tail(directions, true);
  penalty_.add_hessian(directions, out.hessian);
  return out;
}

Matrix Criterion::hessian(const std::vector<Direction>& directions) {
  const HessianPath path = hessian_path(arranged_);
  if (path != HessianPath::kSumsOverLevels && path != HessianPath::kTraceProducts) {
    return curvature(directions).hessian;
  }
  Curvature out = path == HessianPath::kSumsOverLevels ? single_curvature(directions, false)
                                                       : curvature_with_tail(directions, false);
  penalty_.add_hessian(directions, out.hessian);
  return std::move(out.hessian);
}

Matrix Criterion::average_information(const std::vector<Direction>& directions) {
  Vector r2;
  Matrix out = information_in_the_data(directions, r2);
  penalty_.add_hessian(directions, out);
  return out;
}

// H = 2 AI + (nu / r2^2) d d' - tr(N E N F): average information holds the quadratic forms. With
// `parts` the derivatives of X'V^-1 X, too.
Curvature Criterion::curvature_with_tail(const std::vector<Direction>& directions, bool parts) {
  Curvature out;
  out.hessian = 2.0 * information_in_the_data(directions, out.r2);
  out.hessian += (nu_ / (r2_ * r2_)) * (out.r2 * out.r2.transpose());
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  const int m = arranged_.m;
  const int p = arranged_.p;
  if (reml_ || parts) sweeps().predictors(Matrix::Identity(m, m), b, e);
  out.hessian -= trace_products(*this, directions, e);
  if (!parts) return out;
  for (const Direction& direction : directions) {
    const int q = arranged_.q[at(direction.group)];
    Matrix sum = Matrix::Zero(m, m);
    if (q == 1) {
      const Eigen::Map<const Matrix> score(e[at(direction.group)].data(), m,
                                           arranged_.n_levels[at(direction.group)]);
      product(direction.d(0, 0), score, Form::kPlain, score, Form::kTransposed, 0.0, sum);
    }
    for (Index level = 0; q > 1 && level < arranged_.n_levels[at(direction.group)]; ++level) {
      const Eigen::Map<const Matrix> score(&e[at(direction.group)][at(level * q * m)], q, m);
      add(1.0, score, Form::kTransposed, times(direction.d, score), Form::kPlain, sum);
    }
    out.xx.push_back(-sum.topLeftCorner(p, p));
  }
  return out;
}

}  // namespace ranef
