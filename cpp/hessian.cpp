// Which of the exact Hessians serves the layout.
#include "criterion.hpp"
#include "nested_hessian.hpp"
#include "trace_products.hpp"
#include "wide_hessian.hpp"

namespace ranef {

Curvature Criterion::hessian(const std::vector<Direction>& directions) {
  Curvature out = problem_.n_groups == 1       ? hessian_of_one_factor(directions)
                  : problem_.chain.size() > 1  ? nested_hessian(*this, directions)
                  : has_wide_hessian(problem_) ? wide_hessian(*this, directions)
                                               : hessian_with_tail(directions);
  penalty_.add_hessian(directions, out.hessian);
  return out;
}

Matrix Criterion::average_information(const std::vector<Direction>& directions) {
  Matrix out = information_in_the_data(directions);
  penalty_.add_hessian(directions, out);
  return out;
}

// H = 2 AI + (nu / r2^2) d d' - tr(N E N F): average information holds the quadratic forms.
Curvature Criterion::hessian_with_tail(const std::vector<Direction>& directions) {
  Curvature out;
  out.hessian = 2.0 * information_in_the_data(directions);
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  sweeps_.predictors(b, e);
  const int m = problem_.m;
  const int p = problem_.p;
  Vector v(m);
  v.head(p) = -beta_;
  v(p) = 1.0;
  out.r2.resize(static_cast<Index>(directions.size()));
  for (std::size_t k = 0; k < directions.size(); ++k) {
    const Direction& direction = directions[k];
    const int q = problem_.q[at(direction.group)];
    Matrix sum = Matrix::Zero(m, m);
    for (Index level = 0; level < problem_.n_levels[at(direction.group)]; ++level) {
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
