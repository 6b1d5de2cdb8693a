// A covariance structure: how the relative covariance D = T T' of one random-effects term follows
// from its coordinates x, and what a search and a certificate need to know of that map.
//
// Coordinates are real numbers without bounds. A bound of the parameters behind them (a standard
// deviation of zero, a correlation of one) is a *fold*: if x moves past it, the parameter comes
// back. D is an even function of x about the fold, so its derivative is zero there. The bound thus
// needs no constraint, and a minimum in x is a minimum within the bounds.
//
// With Gamma = df/dD, in x (T_k = dT/dx_k and so on)
//
//   dD_k = T_k T' + T T_k',   df/dx_k = 2 <Gamma T, T_k>,
//   d2f/dx_k dx_l = d2f/dD^2 (dD_k, dD_l) + 2 <Gamma T, T_kl> + 2 <Gamma T_k, T_l>,
//
// and the last two terms are called the bend. At a fold of x_k the second derivative is
// <Gamma, d2D/dx_k^2>, the slope of f along the way out of the bound.
//
// Each structure has a file here, a line in registry.cpp and its words in `ranef/covariance`.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "linalg/dense.hpp"
#include "rows/term.hpp"

namespace ranef {

// A way out of the boundary: D + t E to first order in t >= 0, up to steps along the face.
struct Way {
  Matrix e;             // E, q x q
  double slope = 0.0;   // <Gamma, E>
  double bend = 0.0;    // <Gamma, d2D/dt2>
  Vector v;             // E = v v', if D may be any matrix
  Vector from;          // or coordinates that the way starts from, if they are not those of D
  Matrix towards;       // or a correlation matrix that is mixed into that of D
  int coordinate = -1;  // it moves by stretch t^(1 / power); -1: all sizes, by the root of t
  int power = 2;
  double stretch = 1.0;
};

// A step out of the boundary along a way.
struct Leave {
  Way way;
  double size = 0.0;
};

// The smooth piece of the structure that a point lies on. Its coordinates are those of x that are
// not at a fold, or others that suit it better.
class TermFace {
 public:
  virtual ~TermFace() = default;

  virtual int size() const = 0;
  virtual int rank() const = 0;  // of D
  const Matrix& covariance() const { return covariance_; }

  // Meaning of each coordinate: row and column of the root, which are rows and columns of D; or the
  // number of one of the structure's coordinates, and -1.
  virtual std::vector<std::pair<int, int>> coordinates() const = 0;
  // A root of D with as many columns as D has dimensions.
  virtual Matrix root() const = 0;
  // Orthonormal directions without variance in which D may get one, if D may be any matrix.
  virtual Matrix null_space() const = 0;
  // dD by coordinate, q x q each.
  virtual std::vector<Matrix> directions() const = 0;
  virtual Vector gradient(const Matrix& gamma) const = 0;
  virtual Matrix bend(const Matrix& gamma) const = 0;
  // A relative change of a standard deviation, or a correlation's whole range, by coordinate.
  virtual Vector scales() const = 0;
  // The ways out that decide, the steepest first. `gamma` is df/dD at this point.
  virtual std::vector<Way> ways_out(const Matrix& gamma) const = 0;
  // The least slope of a way out whose E has a largest eigenvalue of one on the data's scale, to
  // which `base` leads; NaN if there is no way out.
  virtual double dual(const Matrix& gamma, const Matrix& base) const = 0;
  // Zero at an optimum, in deviance units: the size of D Gamma, or of relative slopes.
  virtual double complementarity(const Matrix& gamma) const = 0;
  // The face at a neighbouring point, in the same coordinates.
  virtual std::unique_ptr<TermFace> shifted(const Vector& step) const = 0;
  // Coordinates x of the structure after a step along the face and out of it.
  virtual Vector moved(const Vector& step, const std::vector<Leave>& leaves) const = 0;

 protected:
  Matrix covariance_;
};

class Structure {
 public:
  explicit Structure(int q) : q_(q) {}
  virtual ~Structure() = default;

  int q() const { return q_; }
  virtual int size() const = 0;    // coordinates
  virtual int most_rank() const {  // the largest rank that D can have
    return q_;
  }
  virtual Rescaling rescaling() const = 0;

  // T, q x q and lower triangular.
  virtual void root(const double* x, Eigen::Ref<Matrix> t) const = 0;
  virtual void gradient(const double* x, const Matrix& gamma, double* out) const = 0;
  virtual void directions(const double* x, std::vector<Matrix>& out) const = 0;
  virtual void add_bend(const double* x, const Matrix& gamma, Eigen::Ref<Matrix> h) const = 0;

  // Coordinates of a matrix of the structure that is near D. They are at a fold only if D is in the
  // structure and at that bound.
  virtual Vector nearest(const Matrix& d) const = 0;
  // Of factor^2 D.
  virtual Vector scaled(const Vector& x, double factor) const = 0;
  // Coordinates of the same D with the signs that are reported.
  virtual Vector canonical(const Vector& x) const = 0;

  // The parameters that users see: a triangle of T, or standard deviations and then correlations.
  virtual Vector parameters(const Vector& x) const = 0;
  virtual Vector coordinates(const Vector& parameters) const = 0;
  // Parameters on the data's scale, whose columns are the inner ones by `base`.
  virtual Vector on_scale(const Vector& x, const Matrix& base) const = 0;

  // x with nearly vanishing parts moved to the boundary: variances below `limit` of the largest (or
  // of one). At most `most` parts are moved, the smallest first; `lost` counts them.
  virtual Vector settled(const Vector& x, double limit, int most, int& lost) const = 0;
  // Ways out of the boundary, also if D is only within `limit` of it.
  virtual std::vector<Way> ways_out(const Vector& x, const Matrix& gamma, double limit) const = 0;
  virtual Vector leave(const Vector& x, const Way& way, double t) const = 0;

  virtual std::unique_ptr<TermFace> face(const Vector& x) const = 0;

  // Whether the coordinates are a triangle of T itself.
  virtual bool triangular() const { return false; }
  // How many of the coordinates are angles. They are the last ones, and the range between minus and
  // plus a right angle covers all matrices.
  virtual int angles() const { return 0; }

  Matrix root(const Vector& x) const {
    Matrix t = Matrix::Zero(q_, q_);
    root(x.data(), t);
    return t;
  }

 private:
  int q_;
};

// Lower-triangular T with T T' = S for positive semidefinite S; pivots below `tolerance` times the
// diagonal become exact zeros, and so does their column. Diagonal entries are not negative.
Matrix semidefinite_cholesky(const Matrix& s, double tolerance);

// A root of T T' with `rank` columns, by rotations of the columns of T: a lower trapezoid once its
// rows are in `order`. On entry `order` is 0, 1, ...; on exit it has independent rows first.
void pivoted_root(const Matrix& t, int rank, std::vector<int>& order, Matrix& root);

// Rank of T and an orthonormal basis of its left null space.
int rank_of(const Matrix& t, Matrix& null);

}  // namespace ranef
