#include "search/held_by_prior.hpp"

#include <algorithm>

#include "linalg/products.hpp"
#include "structure/unstructured.hpp"

namespace ranef {

void hold_by_prior(const Penalty& penalty, const Chart& chart, Vector& g, Matrix& h) {
  if (penalty.empty()) return;
  Matrix v(chart.size(), 0);
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    const Term& term = chart.terms()[k];
    if (!chart.structure(k).triangular()) continue;
    const Unstructured triangle(term.q);
    for (const Vector& row : penalty.pinned(term.group, term.offset)) {
      for (int column = 0; column < term.q; ++column) {
        Matrix t = Matrix::Zero(term.q, term.q);
        t.col(column).tail(term.q - column) = row.tail(term.q - column);
        if (t.isZero(0.0)) continue;
        Vector along = Vector::Zero(chart.size());
        chart.set_part(along, k, triangle.entries(t));
        along -= v * (v.transpose() * along);
        if (!(along.norm() > 1e-9 * t.norm())) continue;
        v.conservativeResize(Eigen::NoChange, v.cols() + 1);
        v.rightCols(1) = along.normalized();
      }
    }
  }
  if (v.cols() == 0) return;
  const double size = std::max(1.0, h.diagonal().cwiseAbs().maxCoeff());
  g -= v * (v.transpose() * g);
  add(-1.0, v, Form::kPlain, times(v, Form::kTransposed, h), Form::kPlain, h);
  add(-1.0, times(h, v), Form::kPlain, v, Form::kTransposed, h);
  add(size, v, Form::kPlain, v, Form::kTransposed, h);
}

}  // namespace ranef
