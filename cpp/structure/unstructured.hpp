// Free covariances, of full rank ("us") or of a rank of at most r ("rr").
//
// D = T T' with a lower trapezoid T of r columns, whose entries are the coordinates, column by
// column; the sign of a column is free. The boundary is a singular D (of rank below r): near one
// of rank s the smooth coordinates are the entries of a trapezoid of s columns, its rows in an
// order in which the first s are independent, and the ways out are D + t v v' for v in the null
// space of D.
#pragma once

#include <memory>
#include <vector>

#include "structure/structure.hpp"

namespace ranef {

class Unstructured : public Structure {
 public:
  explicit Unstructured(int q) : Unstructured(q, q) {}
  Unstructured(int q, int rank) : Structure(q), columns_(rank) {}

  int size() const override { return columns_ * q() - columns_ * (columns_ - 1) / 2; }
  int most_rank() const override { return columns_; }
  Rescaling rescaling() const override { return Rescaling::kAny; }
  bool triangular() const override { return columns_ == q(); }

  using Structure::root;
  void root(const double* x, Eigen::Ref<Matrix> t) const override;
  void gradient(const double* x, const Matrix& gamma, double* out) const override;
  void directions(const double* x, std::vector<Matrix>& out) const override;
  void add_bend(const double* x, const Matrix& gamma, Eigen::Ref<Matrix> h) const override;
  Vector nearest(const Matrix& d) const override;
  Vector scaled(const Vector& x, double factor) const override { return factor * x; }
  Vector canonical(const Vector& x) const override;
  Vector parameters(const Vector& x) const override { return x; }
  Vector coordinates(const Vector& parameters) const override { return parameters; }
  Vector on_scale(const Vector& x, const Matrix& base) const override;
  Vector settled(const Vector& x, double limit, int most, int& lost) const override;
  std::vector<Way> ways_out(const Vector& x, const Matrix& gamma, double limit) const override;
  Vector leave(const Vector& x, const Way& way, double t) const override;
  std::unique_ptr<TermFace> face(const Vector& x) const override;

  // Coordinates from a triangle of T.
  Vector entries(const Matrix& t) const;
  // Of a covariance with at most so many dimensions, the nearest of that rank.
  Vector of_covariance(const Matrix& d, double tolerance) const;

 private:
  int columns_;  // of T
};

}  // namespace ranef
