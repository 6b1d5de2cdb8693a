// Covariances D = S C S of standard deviations S and a correlation matrix C of few parameters.
//
// Coordinates: one size for all standard deviations (S = t I, the sign of t is free) or one for
// each (S_ii = u_i^2), then the angles of C = L L'. A correlation moves between its bounds as the
// sine of its angle moves between -1 and 1. So a standard deviation of zero and the bounds of a
// correlation are folds. A family of correlations gives L as a formula of its angles; this class
// does the rest.
#pragma once

#include <memory>
#include <vector>

#include "linalg/jet.hpp"
#include "structure/structure.hpp"

namespace ranef {

// A lower triangle of numbers, by row.
template <class Number>
using Triangle = std::vector<std::vector<Number>>;

class CorrelationFamily : public Structure {
 public:
  CorrelationFamily(int q, bool heterogeneous, int angles)
      : Structure(q), sizes_(heterogeneous ? q : 1), angles_(angles) {}

  int size() const override { return sizes_ + angles_; }
  Rescaling rescaling() const override {
    return heterogeneous() ? Rescaling::kEach : Rescaling::kCommon;
  }

  using Structure::root;
  void root(const double* x, Eigen::Ref<Matrix> t) const override;
  void gradient(const double* x, const Matrix& gamma, double* out) const override;
  void directions(const double* x, std::vector<Matrix>& out) const override;
  void add_bend(const double* x, const Matrix& gamma, Eigen::Ref<Matrix> h) const override;
  Vector nearest(const Matrix& d) const override;
  Vector scaled(const Vector& x, double factor) const override;
  Vector canonical(const Vector& x) const override;
  Vector parameters(const Vector& x) const override;
  Vector coordinates(const Vector& parameters) const override;
  Vector on_scale(const Vector& x, const Matrix& base) const override;
  Vector settled(const Vector& x, double limit, int most, int& lost) const override;
  std::vector<Way> ways_out(const Vector& x, const Matrix& gamma, double limit) const override;
  Vector leave(const Vector& x, const Way& way, double t) const override;
  std::unique_ptr<TermFace> face(const Vector& x) const override;

  bool heterogeneous() const { return sizes_ > 1; }
  int sizes() const { return sizes_; }
  int angles() const override { return angles_; }

  // T with its first and second derivatives along the coordinates.
  struct Expansion {
    Matrix t;
    std::vector<Matrix> first;                // T_k
    std::vector<std::vector<Matrix>> second;  // T_kl for l <= k
  };
  // `second`: whether second derivatives are asked for.
  Expansion expand(const Vector& x, bool second = true) const;

  // Angles that D does not depend on at the other coordinates of x.
  std::vector<int> inert_angles(const Vector& x) const;

  // How close a coordinate is to its fold, as a share of a variance or of 1 - C^2.
  double closeness(const Vector& x, int k) const;

 protected:
  // L with L L' = C as a formula of the angles, with derivatives and without.
  virtual Triangle<Jet> correlation_root(const std::vector<Jet>& angles) const = 0;
  virtual Triangle<double> correlation_root(const std::vector<double>& angles) const = 0;
  // The correlations that users see, from C, and the angles that give them.
  virtual Vector correlations_of(const Matrix& c) const = 0;
  virtual Vector angles_of(const Vector& correlations) const = 0;
  // Angles near a correlation matrix that need not be of the family, well inside the bounds.
  virtual Vector nearest_angles(const Matrix& c) const = 0;
  // Correlation matrices for w in [0, 1]: the least <Gamma, C> over the family is attained at one
  // of them. By default they are those along the only angle.
  virtual Matrix extreme(double w) const;

 private:
  double sd(const Vector& x, int i) const;
  Matrix correlation(const Vector& x) const;
  void snap(Vector& x, int k) const;
  Way way_from_nothing(const Vector& x, const Matrix& gamma) const;
  Way way_at_fold(const Vector& x, int k, const Matrix& gamma) const;
  Way way_by_a_ray(const Vector& exact, int k, const Matrix& gamma) const;
  Vector best_inert(const Vector& exact, int k, const Matrix& gamma,
                    const std::vector<int>& inert) const;
  double bend_along(const Vector& x, const Way& way, const Matrix& gamma) const;

  int sizes_;
  int angles_;
};

}  // namespace ranef
