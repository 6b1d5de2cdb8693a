#include "search/objective.hpp"

#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"

namespace ranef {

bool Objective::evaluate(const Vector& x, double promised) {
  at_ = x;
  chart_.lambda(x, lambda_);
  return stand_at(lambda_, x.tail(chart_.others()), promised);
}

// A gradient by the covariances, and that by the others after it.
Vector Objective::joined(const Vector& own) {
  if (chart_.others() == 0) return own;
  Vector out(own.size() + chart_.others());
  out << own, slopes();
  return out;
}

Vector Objective::gradient() { return joined(chart_.gradient(at_, gamma())); }

Vector Objective::gradient(const Face& face) {
  return joined(ranef::gradient(chart_, face, gamma()));
}

Vector Objective::gradient_after(const Face& face, const Vector& step) {
  return joined(ranef::gradient_after(chart_, face, step, gamma()));
}

Matrix Objective::hessian(bool exact) {
  chart_.directions(at_, directions_);
  Matrix out = second(directions_, exact);
  chart_.add_bend(at_, gamma(), out);
  return out;
}

WayCurvature Objective::along_way(const Direction& direction) {
  constexpr double kFlat = 1e-10;  // of the largest eigenvalue: these others stay
  const Matrix h = second({direction});
  const Index others = chart_.others();
  WayCurvature out{h(0, 0), Vector::Zero(others)};
  if (others == 0) return out;
  const Vector cross = h.col(0).tail(others);
  const Spectrum spectrum = spectrum_of(h.bottomRightCorner(others, others));
  if (!spectrum.fine) return out;
  const double flat = kFlat * spectrum.values(others - 1);
  Vector inverse = Vector::Zero(others);
  for (Index k = 0; k < others; ++k) {
    if (spectrum.values(k) > flat) inverse(k) = 1.0 / spectrum.values(k);
  }
  const Vector along = spectrum.vectors.transpose() * cross;
  out.follow = -(spectrum.vectors * inverse.cwiseProduct(along));
  out.second += cross.dot(out.follow);
  return out;
}

Valleys Objective::other_valleys(const Vector&, const ValleyControl&,
                                 const std::function<bool()>&) {
  return {};
}

}  // namespace ranef
