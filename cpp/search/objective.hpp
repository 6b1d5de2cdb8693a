// The function that is minimised, as searches and certificates see it. Its argument is one vector:
// the coordinates of all covariances, then others that no covariance depends on: parameters of the
// residuals (linear_objective.hpp), or coefficients (marginal_objective.hpp).
#pragma once

#include <functional>
#include <vector>

#include "criterion/penalty.hpp"
#include "structure/chart.hpp"
#include "structure/face.hpp"

namespace ranef {

// How far and how widely other valleys are looked for (valleys.hpp).
struct ValleyControl {
  double uneven = 30.0;  // ratio of the sizes of levels that may make other valleys
  Index few = 100;       // rows up to which there may be some anyway
};

struct Valleys {
  std::vector<Vector> starts;  // points at the bottoms of other valleys, roughly
  int evaluations = 0;
};

// The second derivative along a change of D, and how the other coordinates follow it.
struct WayCurvature {
  double second = 0.0;
  Vector follow;  // their change for a unit of D's; zero where they are held
};

class Objective {
 public:
  virtual ~Objective() = default;
  Objective(const Objective&) = delete;
  Objective& operator=(const Objective&) = delete;

  const Chart& chart() const { return chart_; }

  // False where the arithmetic broke down: then nothing below is valid. `promised`: the decrease
  // that the caller expects here. A value that has to be found by an inner search need not be more
  // exact than this asks for; 0 asks for all digits.
  bool evaluate(const Vector& x, double promised = 0.0);

  // Whether the last evaluation has all digits.
  virtual bool sharp() const { return true; }

  // Tells the objective where it stands, after a caller has evaluated what it is made of.
  void stands_at(const Vector& x) { at_ = x; }

  // At the last evaluation, which must have succeeded.
  virtual double value() const = 0;
  virtual double rounding() const = 0;             // size of the rounding error of value()
  virtual const std::vector<Matrix>& gamma() = 0;  // df/dD by grouping factor

  // Derivatives with respect to x. The Hessian is exact, or cheap: then it has average information
  // for second derivatives by D.
  Vector gradient();
  Matrix hessian(bool exact);

  // The same along a face of the covariances, and the others; without the bend of the face.
  Vector gradient(const Face& face);
  // Second derivatives along changes of D, and the others.
  virtual Matrix second(const std::vector<Direction>& directions, bool exact = true) = 0;

  // The gradient along the face where the objective stands after a step from there along it.
  Vector gradient_after(const Face& face, const Vector& step);

  // Along a change of D. Others that the objective does not profile out follow as far as second
  // derivatives tell where.
  virtual WayCurvature along_way(const Direction& direction);

  // Whether exact second derivatives cost no more than cheap ones, and whether they cost more than
  // an evaluation.
  virtual bool exact_is_cheap() const { return true; }
  virtual bool exact_is_costly() const { return false; }
  // Whether there are exact second derivatives at all: if not, second() gives average information.
  virtual bool has_exact() const { return true; }
  // Whether value() is an estimate, of which the gradient is one by itself: short steps are then
  // judged by gradients.
  virtual bool estimated() const { return false; }
  // Whether rounding errors may hide small second derivatives behind large ones.
  virtual bool rough_second() const { return false; }

  // Priors of the covariances.
  virtual const Penalty& penalty() const = 0;

  // Numbers that one evaluation reads: a measure of its cost.
  virtual double work() const = 0;

  // Whether a coordinate has come so far that the search should end: what is there beyond can be
  // told without it.
  virtual bool at_end(const Vector&) const { return false; }

  // Where a search begins, and how far its first step may go.
  virtual Vector start() = 0;
  virtual double radius() const { return 1.0; }
  // The others where a search begins elsewhere, after one that ended at x.
  virtual Vector others_elsewhere(const Vector& x) const { return x.tail(chart_.others()); }

  // Starts in other valleys, where it is known how to look for them. May leave the objective
  // evaluated elsewhere.
  virtual Valleys other_valleys(const Vector& x, const ValleyControl& control,
                                const std::function<bool()>& interrupted);

  // Whether the data as they are held have lost digits that the rows still have.
  virtual bool loses_digits() const { return false; }

  // What the others stand for: parameters of the residuals; coefficients, also those that are held.
  virtual Vector residual_parameters(const Vector&) const { return {}; }
  virtual Vector coefficients(const Vector&) const { return {}; }

 protected:
  explicit Objective(const Chart& chart) : chart_(chart) {}

  virtual bool stand_at(const std::vector<Matrix>& lambda, const Vector& others,
                        double promised) = 0;
  virtual Vector slopes() = 0;  // df by the others

 private:
  Vector joined(const Vector& own);

  const Chart& chart_;
  Vector at_;
  std::vector<Matrix> lambda_;         // memory of the last ones
  std::vector<Direction> directions_;  // the same
};

}  // namespace ranef
