// Sums over rows for Newton's steps in the coefficients of eta and the random effects together.
#pragma once

#include "marginal/working_rows.hpp"

namespace ranef {

// The weights of rows: -l'', or zero where it is negative; or the larger one of -l'' and its
// expectation. Steps with these are short where either bends much, as Gamma's l far above the mean.
enum class RowWeights { kObserved, kLarger };

// Z'WX by level, q x p each, and X'WX; scores Z'g and X'g.
struct JointSums {
  Effects scores;
  Effects cross;
  Vector fixed_scores;
  Matrix fixed;
};

class JointRows {
 public:
  // What is asked of the rows is also asked of `rows`, whose coefficients are those of the steps.
  explicit JointRows(const WorkingRows& rows);

  // l, g and W at random effects b. False where some number is not finite.
  bool look(const Effects& b, RowWeights weights);
  // The same at predictors of all rows.
  bool look(const double* eta, RowWeights weights);

  // After look().
  double log_density() const { return log_density_; }
  const double* scores() const { return g_.data(); }
  void sum(JointSums& sums, Numbers& a) const;
  // Root mean square of g/W.
  double spread() const;
  double mean_weight() const;
  // X'Wv and X'WX for numbers v of the rows.
  Vector fixed_sums(const double* v, Matrix& fixed) const;

  int looks() const { return looks_; }

 private:
  template <class Predict>
  bool look_at(Predict predict, RowWeights weights);
  void add_fixed(RowRange rows, Vector& scores, Matrix& fixed) const;
  void add_cross(int group, RowRange rows, Effects& cross) const;
  Index columns() const { return static_cast<Index>(rows_.map().fixed().size()); }

  const WorkingRows& rows_;
  HugeVector g_, w_;
  double log_density_ = 0.0;
  int looks_ = 0;
};

}  // namespace ranef
