#include "curvature/level_sums.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "factor/single_factor.hpp"

namespace ranef {

// The forms are N = -T' dC T; the traces are those at a fixed `top` (factor/single_factor.hpp).
// With T = [R, -beta sqrt(kappa); 0, sqrt(kappa)] the last entry of N is -kappa dr2, and its block
// of X is -R' dQ R.
Curvature level_sums(Criterion& criterion, const std::vector<Direction>& directions, bool parts) {
  const Outer& outer = criterion.outer();
  const SingleFactor& sums = *criterion.factor().sums(criterion.top());
  const auto count = static_cast<Index>(directions.size());
  const int p = outer.p();
  const int m = p + 1;
  const Index qq = criterion.pattern().q[0] * criterion.pattern().q[0];
  Matrix changes(qq, count);
  for (Index k = 0; k < count; ++k) std::copy_n(directions[at(k)].d.data(), qq, &changes(0, k));
  Matrix forms;
  Matrix traces;
  sums.along(changes, forms, traces);
  // How often each entry of a lower triangle counts in the inner product.
  Vector times(forms.rows());
  for (int l = 0, entry = 0; l < m; ++l) {
    for (int k = l; k < m; ++k, ++entry) {
      times(entry) = (k < p ? outer.weight_of_x() : 1.0) * (k == l ? 1.0 : 2.0);
    }
  }
  const Index last = forms.rows() - 1;
  times(last) = outer.weight_of_r2();
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
  out.r2 = forms.row(last).transpose() * (-outer.r2() / outer.weight());
  const auto factor = outer.xx_factor().triangularView<Eigen::Lower>();
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
