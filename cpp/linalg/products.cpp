#include "linalg/products.hpp"

namespace ranef {

Matrix times(const ConstRef& a, Form form_a, const ConstRef& b, Form form_b) {
  Matrix out(form_a == Form::kPlain ? a.rows() : a.cols(),
             form_b == Form::kPlain ? b.cols() : b.rows());
  product(1.0, a, form_a, b, form_b, 0.0, out);
  return out;
}

Matrix times(const ConstRef& a, const ConstRef& b) {
  Matrix out;
  multiply(a, b, out);
  return out;
}

void add(double factor, const ConstRef& a, Form form_a, const ConstRef& b, Form form_b,
         Matrix& out) {
  product(factor, a, form_a, b, form_b, 1.0, out);
}

Matrix congruent(const ConstRef& a, const ConstRef& b) {
  return times(times(a, b), Form::kPlain, a, Form::kTransposed);
}

Matrix congruent_transposed(const ConstRef& a, const ConstRef& b) {
  return times(times(a, Form::kTransposed, b), a);
}

Matrix outer_gram(const ConstRef& a) { return times(a, Form::kPlain, a, Form::kTransposed); }

Matrix inner_gram(const ConstRef& a) { return times(a, Form::kTransposed, a); }

Matrix congruent_diagonal(const ConstRef& a, const Vector& d) {
  const Matrix scaled = a * d.asDiagonal();
  return times(scaled, Form::kPlain, a, Form::kTransposed);
}

void subtract_both(const Matrix& a, Matrix& out) {
  out -= a;
  out -= a.transpose();
}

}  // namespace ranef
