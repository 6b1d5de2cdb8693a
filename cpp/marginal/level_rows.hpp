// The rows of a generalised model with one grouping factor, copied in the order of its levels.
#pragma once

#include <cstdint>
#include <vector>

#include "marginal/marginal.hpp"

namespace ranef {

// How one predictor follows from the coefficients: a sum of columns times coefficients, or one
// coefficient by row.
struct Design {
  std::vector<Index> coefficient;    // of each column: its place among all coefficients
  std::vector<double> values;        // row-major, n x columns
  std::vector<std::int32_t> choice;  // by row: the place of its coefficient, or none: -1

  // Calls visit(place of the coefficient, value) for what row i has.
  template <class Visit>
  void each(Index i, const Visit& visit) const {
    if (!choice.empty()) {
      if (choice[at(i)] >= 0) visit(Index{choice[at(i)]}, 1.0);
      return;
    }
    const std::size_t columns = coefficient.size();
    const double* row = values.data() + at(i) * columns;
    for (std::size_t k = 0; k < columns; ++k) visit(coefficient[k], row[k]);
  }

  // Of rows from .. from + n - 1.
  void predict(const Vector& coefficients, Index from, Index n, double* out) const;

  // out += sum of weight times what the row has.
  void add_scores(Index from, Index n, const double* weight, double* out) const;
};

struct LevelRows {
  Index n = 0;
  int q = 0;
  Index coefficients = 0;
  std::vector<Index> start;     // first row of each level, and n
  std::vector<double> z;        // row-major, n x q
  std::vector<double> y;        // n
  std::vector<double> weights;  // n, or empty
  std::vector<double> offset;   // n, or empty
  std::vector<Design> designs;  // of eta (without offset), then of psi by channel

  Index levels() const { return static_cast<Index>(start.size()) - 1; }
};

// Throws std::invalid_argument if there is not exactly one grouping factor, or if a code lies
// outside of its levels.
LevelRows level_rows(const GeneralisedRows& from);

}  // namespace ranef
