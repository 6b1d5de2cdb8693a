// A covariance structure: how the relative covariance D = T T' of one random-effects term follows
// from its coordinates x, and everything that a search and a certificate ask of that map.
//
// Coordinates are real numbers without bounds. A bound of the parameters behind them (a standard
// deviation of zero, a correlation of one) is a *fold*: x runs over the bound and comes back, D is
// even about it, and the derivative of D along x is zero there. So the bound needs no constraint,
// and a minimum in x is one within the bounds.
//
// With Gamma = df/dD, in x (T_k = dT/dx_k and so on)
//
//   dD_k = T_k T' + T T_k',   df/dx_k = 2 <Gamma T, T_k>,
//   d2f/dx_k dx_l = d2f/dD^2 (dD_k, dD_l) + 2 <Gamma T, T_kl> + 2 <Gamma T_k, T_l>,
//
// and the last two terms are what is called the bend. At a fold of x_k the second derivative is
// <Gamma, d2D/dx_k^2>, the slope of f along the way out of the bound.
//
// One file for each structure, one line in registry.cpp; `ranef/covariance` mirrors them in Python.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "linalg/dense.hpp"
#include "rows/term.hpp"

namespace ranef {

// A way out of the boundary: D + t E to first order in t >= 0, but for steps along the face.
struct Way {
  Matrix e;             // E, q x q
  double slope = 0.0;   // <Gamma, E>
  double bend = 0.0;    // <Gamma, d2D/dt2>
  Vector v;             // E = v v', where D may be any matrix
  Vector from;          // else coordinates that the way starts from, if they are not those of D
  Matrix towards;       // else a correlation matrix that the one of D is mixed with
  int coordinate = -1;  // that moves by stretch t^(1 / power); -1: all sizes with the root of t
  int power = 2;
  double stretch = 1.0;
};

// A step out of the boundary along a way.
struct Leave {
  Way way;
  double size = 0.0;
};

// The smooth piece of the structure that a point lies on, in coordinates of its own: those of x
// that are not at a fold, or others that serve better there.
class TermFace {
 public:
  virtual ~TermFace() = default;

  virtual int size() const = 0;
  virtual int rank() const = 0;  // of D
  const Matrix& covariance() const { return covariance_; }

  // What each coordinate is: row and column of the root, rows and columns of D; or the number of
  // one of the structure's coordinates, and -1.
  virtual std::vector<std::pair<int, int>> coordinates() const = 0;
  // A root of D with as many columns as D has dimensions.
  virtual Matrix root() const = 0;
  // Orthonormal columns without variance that D may take up, if D may be any matrix.
  virtual Matrix null_space() const = 0;
  // dD by coordinate, q x q each.
  virtual std::vector<Matrix> directions() const = 0;
  virtual Vector gradient(const Matrix& gamma) const = 0;
  virtual Matrix bend(const Matrix& gamma) const = 0;
  // A relative change of a standard deviation, or a correlation's whole range, by coordinate.
  virtual Vector scales() const = 0;
  // Ways out that decide, the steepest first; they need df/dD at this point.
  virtual std::vector<Way> ways_out(const Matrix& gamma) const = 0;
  // The least slope of a way out whose E has a largest eigenvalue of one on the data's scale, whose
  // columns are the inner ones by `base`; NaN where there is no way out.
  virtual double dual(const Matrix& gamma, const Matrix& base) const = 0;
  // What an optimum makes zero, in deviance units: the size of D Gamma, or of relative slopes.
  virtual double complementarity(const Matrix& gamma) const = 0;
  // The same coordinates at a point beside this one.
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

  // Coordinates of a matrix of the structure that is near D, off every fold unless D is exact.
  virtual Vector nearest(const Matrix& d) const = 0;
  // Of factor^2 D.
  virtual Vector scaled(const Vector& x, double factor) const = 0;
  // The same D, signs and the like as they are reported.
  virtual Vector canonical(const Vector& x) const = 0;

  // The parameters that users see: a triangle of T, or standard deviations and then correlations.
  virtual Vector parameters(const Vector& x) const = 0;
  virtual Vector coordinates(const Vector& parameters) const = 0;
  // Parameters on the data's scale, whose columns are the inner ones by `base`.
  virtual Vector on_scale(const Vector& x, const Matrix& base) const = 0;

  // x with what nearly vanishes put on the boundary: variances below `limit` of the largest (or of
  // one). At most `most` things, the smallest first; `lost` tells how many.
  virtual Vector settled(const Vector& x, double limit, int most, int& lost) const = 0;
  // Ways out of the boundary, also where D is only within `limit` of it.
  virtual std::vector<Way> ways_out(const Vector& x, const Matrix& gamma, double limit) const = 0;
  virtual Vector leave(const Vector& x, const Way& way, double t) const = 0;

  virtual std::unique_ptr<TermFace> face(const Vector& x) const = 0;

  // Whether the coordinates are a triangle of T itself.
  virtual bool triangular() const { return false; }
  // How many of the coordinates, the last ones, are angles: all there is is within a right angle.
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

// A root of T T' with so many columns, by rotations of T's: a lower trapezoid once the rows are in
// `order`, which starts as 0, 1, ... and ends with independent rows first.
void pivoted_root(const Matrix& t, int rank, std::vector<int>& order, Matrix& root);

// Rank of T and an orthonormal basis of its left null space.
int rank_of(const Matrix& t, Matrix& null);

}  // namespace ranef
