// Derivatives where there is a single grouping factor (lone_factor.hpp has the formulas).
#include <cmath>

#include "criterion.hpp"

namespace ranef {

void Criterion::differentiate_lone() {
  if (differentiated_) return;
  const int p = problem_.p;
  const double root = std::sqrt(nu_ / r2_);
  xx_root_.setIdentity(p, p);
  if (p > 0) {
    xx_factor_.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheLeft>(xx_root_);
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
  const int p = problem_.p;
  std::vector<const Matrix*> changes;
  std::vector<Matrix> forms;
  for (const Direction& direction : directions) {
    changes.push_back(&direction.d);
    forms.push_back(lone_->form(direction.d));
  }
  Curvature out;
  out.hessian = -lone_->traces(changes);
  out.hessian += out.hessian.transpose().eval();
  for (Index k = 0; k < count; ++k) {
    const Matrix& a = forms[at(k)];
    for (Index l = 0; l <= k; ++l) {
      const Matrix& b = forms[at(l)];
      double sum = a.cwiseProduct(b).sum() - (1.0 - 1.0 / nu_) * a(p, p) * b(p, p);
      if (!reml_) sum -= a.topLeftCorner(p, p).cwiseProduct(b.topLeftCorner(p, p)).sum();
      out.hessian(k, l) -= sum;
      out.hessian(l, k) = out.hessian(k, l);
    }
  }
  if (!parts) return out;
  out.r2.resize(count);
  const auto factor = xx_factor_.triangularView<Eigen::Lower>();
  for (Index k = 0; k < count; ++k) {
    const Matrix& form = forms[at(k)];
    out.r2(k) = -form(p, p) * r2_ / nu_;
    Matrix xx = Matrix::Zero(p, p);
    if (p > 0) xx = -(factor * (factor * form.topLeftCorner(p, p)).transpose().eval());
    out.xx.push_back(std::move(xx));
  }
  return out;
}

}  // namespace ranef
