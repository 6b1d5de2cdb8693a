// Which of the exact Hessians serves the layout.
#include "criterion.hpp"
#include "nested_hessian.hpp"
#include "trace_products.hpp"
#include "wide_hessian.hpp"

namespace ranef {

HessianPath hessian_path(const Problem& problem) {
  if (problem.n_groups == 1) return HessianPath::kSumsOverLevels;
  if (problem.chain.size() > 1) return HessianPath::kNested;
  return has_wide_hessian(problem) ? HessianPath::kTallProducts : HessianPath::kTraceProducts;
}

Curvature Criterion::curvature(const std::vector<Direction>& directions) {
  const HessianPath path = hessian_path(problem_);
  Curvature out = path == HessianPath::kSumsOverLevels ? lone_curvature(directions, true)
                  : path == HessianPath::kNested       ? nested_hessian(*this, directions)
                  : path == HessianPath::kTallProducts ? wide_hessian(*this, directions)
                                                       : curvature_with_tail(directions);
  penalty_.add_hessian(directions, out.hessian);
  return out;
}

Matrix Criterion::hessian(const std::vector<Direction>& directions) {
  if (!lone_) return curvature(directions).hessian;
  Matrix out = lone_curvature(directions, false).hessian;
  penalty_.add_hessian(directions, out);
  return out;
}

Matrix Criterion::average_information(const std::vector<Direction>& directions) {
  Matrix out = information_in_the_data(directions);
  penalty_.add_hessian(directions, out);
  return out;
}

// H = 2 AI + (nu / r2^2) d d' - tr(N E N F): average information holds the quadratic forms.
Curvature Criterion::curvature_with_tail(const std::vector<Direction>& directions) {
  Curvature out;
  out.hessian = 2.0 * information_in_the_data(directions);
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  const int m = problem_.m;
  sweeps().predictors(Matrix::Identity(m, m), b, e);
  const int p = problem_.p;
  Vector v(m);
  v.head(p) = -beta_;
  v(p) = 1.0;
  out.r2.resize(static_cast<Index>(directions.size()));
  for (std::size_t k = 0; k < directions.size(); ++k) {
    const Direction& direction = directions[k];
    const int q = problem_.q[at(direction.group)];
    Matrix sum = Matrix::Zero(m, m);
    if (q == 1) {
      const Eigen::Map<const Matrix> score(e[at(direction.group)].data(), m,
                                           problem_.n_levels[at(direction.group)]);
      product(direction.d(0, 0), score, Form::kPlain, score, Form::kTransposed, 0.0, sum);
    }
    for (Index level = 0; q > 1 && level < problem_.n_levels[at(direction.group)]; ++level) {
      const Eigen::Map<const Matrix> score(&e[at(direction.group)][at(level * q * m)], q, m);
      sum.noalias() += score.transpose() * (direction.d * score).eval();
    }
    out.xx.push_back(-sum.topLeftCorner(p, p));
    out.r2(static_cast<Index>(k)) = -v.dot(sum * v);
  }
  out.hessian += (nu_ / (r2_ * r2_)) * (out.r2 * out.r2.transpose());
  out.hessian -= trace_products(*this, directions, e);
  return out;
}

}  // namespace ranef
