// Derivatives where there is a single grouping factor (lone_factor.hpp has the formulas).
#include <cmath>
#include <utility>

#include "criterion.hpp"

namespace ranef {

void Criterion::differentiate_lone() {
  if (differentiated_) return;
  const int p = problem_.p;
  const double root = std::sqrt(nu_ / r2_);
  xx_root_.setIdentity(p, p);
  if (p > 0) {
    solve_lower(xx_factor_, xx_root_, true);
  }
  Matrix t = Matrix::Zero(p + 1, p + 1);
  t.topLeftCorner(p, p).triangularView<Eigen::Upper>() = xx_root_;
  t.col(p).head(p) = -root * beta_;
  t(p, p) = root;
  lone_->differentiate(t, reml_);
  differentiated_ = true;
}

Curvature Criterion::lone_curvature(const std::vector<Direction>& directions, bool parts) {
  differentiate_lone();
  const auto count = static_cast<Index>(directions.size());
  const Index p = problem_.p;
  const Index m = problem_.m;
  const Index qq = problem_.q[0] * problem_.q[0];
  Matrix forms(m * m, count);
  Matrix traces(qq, count);
  for (Index k = 0; k < count; ++k) {
    lone_->form(directions[at(k)].d, forms.data() + k * m * m);
    lone_->traces(directions[at(k)].d, traces.data() + k * qq);
  }
  // What is in the inner product less than in the sum over all of N, by column of N.
  const Index skipped = reml_ ? 0 : p;
  Curvature out;
  out.hessian.resize(count, count);
  for (Index k = 0; k < count; ++k) {
    const double* a = forms.data() + k * m * m;
    const double* ta = traces.data() + k * qq;
    const double* e = directions[at(k)].d.data();
    for (Index l = 0; l <= k; ++l) {
      const double* b = forms.data() + l * m * m;
      const double* tb = traces.data() + l * qq;
      const double* g = directions[at(l)].d.data();
      double sum = -(1.0 - 1.0 / nu_) * a[m * m - 1] * b[m * m - 1];
      for (Index i = 0; i < m * m; ++i) sum += a[i] * b[i];
      for (Index j = 0; j < skipped; ++j) {
        for (Index i = 0; i < skipped; ++i) sum -= a[i + j * m] * b[i + j * m];
      }
      for (Index i = 0; i < qq; ++i) sum += ta[i] * g[i] + tb[i] * e[i];
      out.hessian(k, l) = out.hessian(l, k) = -sum;
    }
  }
  if (!parts) return out;
  out.r2.resize(count);
  const auto factor = xx_factor_.triangularView<Eigen::Lower>();
  for (Index k = 0; k < count; ++k) {
    const Eigen::Map<const Matrix> form(forms.data() + k * m * m, m, m);
    out.r2(k) = -form(p, p) * r2_ / nu_;
    Matrix xx = Matrix::Zero(p, p);
    if (p > 0) xx = -(factor * (factor * form.topLeftCorner(p, p)).transpose().eval());
    out.xx.push_back(std::move(xx));
  }
  return out;
}

}  // namespace ranef
