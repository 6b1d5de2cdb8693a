// A factorisation: how the random effects are eliminated from A, whatever the layout.
//
// For A = [Z X y]'W[Z X y], with A_zz that of the random effects and A_zf, A_ff that of [X y], and
// for D = Lambda Lambda', eliminating the random effects leaves
//
//   log|M|,  M = I + Lambda' A_zz Lambda,   and
//   C = A_ff - A_fz Lambda M^-1 Lambda' A_zf = [X y]'V^-1 [X y],
//
// the Schur complement of [X y]. The function of these two, f = log|M| + g(C), is not known here.
// The factorisation takes its derivative dg/dC (`Top`, from outer.hpp) and returns Gamma = df/dD of
// each grouping factor and W = df/dA.
//
// Three layouts, from the pattern (pattern.hpp): a single grouping factor (single.hpp), a chain of
// nested factors, and a chain and a tail (both sweeps.hpp). A tail too large to be factorised is
// served by iterations (iterative/iterative_factor.hpp).
#pragma once

#include <memory>
#include <stdexcept>
#include <vector>

#include "factor/arrange.hpp"
#include "linalg/dense.hpp"

namespace ranef {

class IterativeFactor;
class SingleFactor;
class Sweeps;

// What has no answer without an exact factorisation.
class NeedsExact : public std::logic_error {
 public:
  NeedsExact() : std::logic_error("this needs an exact factorisation of the crossed factors") {}
};

// dg/dC, and its root: value = T_first T_first', where T is m x m, upper triangular and regular,
// and T_first are its columns from `first` on. The columns before have no weight in the slope, but
// the second derivative of g is diagonal in the coordinates of all of T (Outer::weight_of_x).
struct Top {
  Matrix value;
  Matrix root;
  int first = 0;
};

// Rounding errors in machine epsilons: of log|M|, as a share of the criterion, and of C, as a share
// of A's own block of [X y].
struct Noise {
  double determinant = 0.0;
  double complement = 0.0;
};

class Factor {
 public:
  virtual ~Factor() = default;

  // Call it after numbers of A have changed; the pattern may not change. Everything below is
  // invalid until the next forward().
  virtual void reload() = 0;

  // Threads among which an implementation may share the levels. Results do not depend on them.
  virtual void set_threads(int threads) = 0;

  // The elimination at one Lambda per grouping factor, q x q, lower triangular, singular or not.
  // False if the arithmetic broke down: then nothing below is valid. It invalidates earlier
  // results: Gamma, W and everything that sweeps() has left.
  virtual bool forward(const std::vector<Matrix>& lambda) = 0;

  // After forward().
  virtual double log_determinant() const = 0;
  virtual const Matrix& fixed() const = 0;  // C, m x m

  // Gamma by grouping factor, for the derivative `top`. With keep, W = df/dA on the pattern of A
  // stays in sweeps() until the next reverse sweep there.
  virtual void reverse(const Top& top, std::vector<Matrix>& gamma, bool keep) = 0;

  // The elimination level by level at the Lambda of forward(): P, F, H and U of every level, from
  // which second derivatives and predictions are computed. It has W only after reverse() with keep.
  // A reverse sweep that is run on it directly invalidates the W that was kept.
  // Throws NeedsExact where the tail is not factorised.
  virtual Sweeps& sweeps() = 0;

  // Itself, if it is made of iterations.
  virtual IterativeFactor* iterative() { return nullptr; }

  // The sums over the levels of a single grouping factor, differentiated for `top`; null for other
  // layouts. `top` has to be the same from one forward() to the next.
  virtual const SingleFactor* sums(const Top& top) = 0;

  // Coefficients b of the best linear predictor of the columns of [X y] v and E = Z'V^-1 [X y] v,
  // by group, level-major, q x (columns of v) each.
  virtual void predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                          std::vector<std::vector<double>>& e) = 0;

  // The rounding errors of log|M| and C.
  virtual Noise noise() const = 0;
};

// The factorisation for the pattern. `arranged` has to stay where it is.
std::unique_ptr<Factor> make_factor(const Arranged& arranged, int threads);

// Rounding errors of sums over levels.
Noise noise_of_sums(const Pattern& pattern);

}  // namespace ranef
