// Products of whole matrices as calls of functions that are compiled once.
//
// Each expression of products is a type of its own to Eigen, which takes the compiler the better
// part of a second. Away from the innermost loops these calls do the same work.
#pragma once

#include "linalg/dense.hpp"

namespace ranef {

using ConstRef = Eigen::Ref<const Matrix>;

// op(a) op(b).
Matrix times(const ConstRef& a, Form form_a, const ConstRef& b, Form form_b = Form::kPlain);
Matrix times(const ConstRef& a, const ConstRef& b);

// out += factor op(a) op(b).
void add(double factor, const ConstRef& a, Form form_a, const ConstRef& b, Form form_b,
         Matrix& out);

// a b a', symmetric for symmetric b; the second is a' b a.
Matrix congruent(const ConstRef& a, const ConstRef& b);
Matrix congruent_transposed(const ConstRef& a, const ConstRef& b);

// a a'; the second is a' a.
Matrix outer_gram(const ConstRef& a);
Matrix inner_gram(const ConstRef& a);

// a diag(d) a'.
Matrix congruent_diagonal(const ConstRef& a, const Vector& d);

// out -= a + a'.
void subtract_both(const Matrix& a, Matrix& out);

}  // namespace ranef
