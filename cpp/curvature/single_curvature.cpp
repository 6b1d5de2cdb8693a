// Derivatives where there is a single grouping factor (single_factor.hpp has the formulas).
#include <algorithm>
#include <cmath>
#include <utility>

#include "criterion/criterion.hpp"

namespace ranef {

void Criterion::differentiate_single() {
  if (differentiated_) return;
  single_->differentiate(root_of_top(beta_), reml_);
  differentiated_ = true;
}

Curvature Criterion::single_curvature(const std::vector<Direction>& directions, bool parts) {
  differentiate_single();
  const auto count = static_cast<Index>(directions.size());
  const int p = arranged_.p;
  const int m = arranged_.m;
  const Index qq = arranged_.q[0] * arranged_.q[0];
  Matrix changes(qq, count);
  for (Index k = 0; k < count; ++k) std::copy_n(directions[at(k)].d.data(), qq, &changes(0, k));
  Matrix forms;
  Matrix traces;
  single_->along(changes, forms, traces);
  // How often each entry of a lower triangle counts in the inner product.
  Vector times(forms.rows());
  for (int l = 0, entry = 0; l < m; ++l) {
    for (int k = l; k < m; ++k, ++entry) {
      times(entry) = !reml_ && k < p ? 0.0 : k == l ? 1.0 : 2.0;
    }
  }
  const Index last = forms.rows() - 1;
  times(last) = 1.0 / nu_;
  Curvature out;
  out.hessian.resize(count, count);
  for (Index k = 0; k < count; ++k) {
    for (Index l = 0; l <= k; ++l) {
      double sum = 0.0;
      for (Index i = 0; i <= last; ++i) sum += times(i) * forms(i, k) * forms(i, l);
      for (Index i = 0; i < qq; ++i) {
        sum += traces(i, k) * changes(i, l) + traces(i, l) * changes(i, k);
      }
      out.hessian(k, l) = out.hessian(l, k) = -sum;
    }
  }
  if (!parts) return out;
  out.r2 = forms.row(last).transpose() * (-r2_ / nu_);
  const auto factor = xx_factor_.triangularView<Eigen::Lower>();
  for (Index k = 0; k < count; ++k) {
    Matrix form(p, p);
    for (int j = 0, entry = 0; j < p; ++j, ++entry) {
      for (int i = j; i < p; ++i, ++entry) form(i, j) = form(j, i) = forms(entry, k);
    }
    Matrix xx = Matrix::Zero(p, p);
    if (p > 0) xx = -(factor * (factor * form).transpose().eval());
    out.xx.push_back(std::move(xx));
  }
  return out;
}

}  // namespace ranef
