// An approximate marginal likelihood as an objective: the covariances, absolute ones, and the
// coefficients c = (beta, those of psi) are searched together.
//
// A coefficient may be held at a value: then it is not among the coordinates. Priors of the
// covariances and a normal prior of the coefficients add -2 log density.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "marginal/marginal.hpp"
#include "search/objective.hpp"

namespace ranef {

// -2 log density: (c - centre)'precision (c - centre) + constant.
struct NormalPrior {
  Matrix precision;
  Vector centre;
  double constant = 0.0;
};

struct HeldCoefficient {
  Index index = 0;  // among all coefficients
  double value = 0.0;
};

struct MarginalPriors {
  Penalty covariances;
  std::optional<NormalPrior> coefficients;
};

// Coordinates of the covariances, then all coefficients: where a search begins. Values of those
// that are held do not matter.
using MarginalStart = std::function<Vector(const Chart&)>;

class MarginalObjective : public Objective {
 public:
  // The others of the chart are the coefficients that are not held, in their order. Without a
  // start D is 0.25 I and all coefficients are zero.
  MarginalObjective(Marginal& marginal, const Chart& chart, MarginalPriors priors = {},
                    const std::vector<HeldCoefficient>& held = {}, MarginalStart start = {});

  double value() const override;
  double rounding() const override { return marginal_.rounding(); }
  const std::vector<Matrix>& gamma() override;
  // Always exact.
  Matrix second(const std::vector<Direction>& directions, bool exact = true) override;

  bool sharp() const override { return sharp_; }
  const Penalty& penalty() const override { return priors_.covariances; }
  double work() const override { return marginal_.work(); }
  Vector start() override;
  // In units of the linear predictor: columns are scaled to a root mean square of one.
  double radius() const override { return 2.0; }
  Vector coefficients(const Vector& x) const override;

 protected:
  bool stand_at(const std::vector<Matrix>& lambda, const Vector& free, double promised) override;
  Vector slopes() override;

 private:
  Vector whole(const Vector& free) const;
  Vector part(const Vector& coefficients) const;

  Marginal& marginal_;
  MarginalPriors priors_;
  MarginalStart start_;
  Vector held_;              // all coefficients, zero where they are free
  std::vector<Index> free_;  // which of the coefficients
  // At the last evaluation.
  Vector away_;  // c - centre
  bool sharp_ = false;
  bool gamma_ready_ = false;
  std::vector<Matrix> gamma_;
};

}  // namespace ranef
