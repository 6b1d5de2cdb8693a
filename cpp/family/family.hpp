// The distribution of a row's response, given its predictors.
//
// A row has a linear predictor eta and up to two more, psi: a dispersion, the probability of an
// extra zero, or the cut points on either side of an ordered answer. A family gives the
// log-density l(eta, psi) of one row with all constants, and its derivatives: up to the fourth
// order in eta, up to the second in psi, up to the fourth altogether.
//
// A link that a family offers is part of the family: eta is always the linear predictor.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "linalg/dense.hpp"

namespace ranef {

inline constexpr int kMostChannels = 2;

// Rows in the caller's memory, n numbers each.
struct FamilyRows {
  Index n = 0;
  const double* eta = nullptr;
  std::array<const double*, kMostChannels> psi = {};  // by channel
  const double* y = nullptr;                          // proportions of a binomial family
  const double* weights = nullptr;                    // trials of a binomial family; nullptr: 1
};

// Where derivatives go, n numbers each; a null pointer is not asked for. The k-th of a list is the
// k-th derivative in eta of l, of its derivative in one psi, and of its second derivatives in psi
// (of channels 0 and 0, 0 and 1, 1 and 1).
struct RowDerivatives {
  std::array<double*, 5> eta = {};
  std::array<std::array<double*, 4>, kMostChannels> psi = {};
  std::array<std::array<double*, 3>, 3> psi2 = {};
};

// What is asked for: l, l' and l''; also l''' and the first derivatives in psi; everything.
enum class RowOrder { kPass = 2, kGradient = 3, kHessian = 4 };

class Family {
 public:
  virtual ~Family() = default;

  // Predictors beside eta.
  virtual int channels() const { return 0; }

  // Fills what `out` asks for, up to the order: kPass has eta[0..2], kGradient also eta[3] and
  // psi[c][0..2], kHessian everything. Numbers of a row outside of the domain (eta < 0 under the
  // inverse link, cut points out of order) are not finite; nothing else is. Each number depends on
  // its row alone, so that rows may be cut into parts anywhere.
  virtual void derivatives(const FamilyRows& rows, RowOrder order,
                           const RowDerivatives& out) const = 0;

  // Expected -l'' by row: positive where l'' > 0 breaks Newton's method. Where it would take a sum
  // over counts (nbinom1, betabinomial) it is what the mean alone tells; of ordered answers, the
  // observed -l''.
  virtual void expected(const FamilyRows& rows, double* information) const = 0;

  // Whether eta is in units of the response, as under the identity and the inverse: then one unit
  // of it may be much or little.
  virtual bool in_units_of_response() const { return false; }

  // Whether l is concave in eta for every psi and every y.
  virtual bool log_concave() const { return true; }

  // A predictor for each row from its response alone, in the inside of its range: where a search
  // begins. Only y and weights of the rows are read.
  virtual void start(const FamilyRows& rows, double* eta) const = 0;

  // Where psi of a channel begins, the same for all rows.
  virtual double start_psi(int channel) const;

  // By row: 1 if l rises without bound on eta as eta grows and has its supremum there (all
  // successes), -1 if as eta falls (all failures, a zero count), 0 if l has a maximum.
  virtual void recession(const FamilyRows& rows, signed char* sign) const;
};

// Throws std::invalid_argument for an unknown family or link. `constants`: known parameters of the
// family, which are Tweedie's power and the number of ordered answers.
std::unique_ptr<Family> make_family(const std::string& name, const std::string& link,
                                    const std::vector<double>& constants = {});

}  // namespace ranef
