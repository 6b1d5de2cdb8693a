// What a column of a data frame is asked before it is used: its ends, and codes of whole numbers.
//
// The column is read in runs of rows by several threads; nothing depends on how many there are.
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/dense.hpp"

namespace ranef {

// Smallest and largest value; both NaN where one is.
template <class T>
struct Ends {
  T low;
  T high;
};

// Needs n > 0. For double and all integers.
template <class T>
Ends<T> ends(const T* values, Index n, int threads);

// Codes of whole numbers from `low` to `high` in ascending order, into `codes`. Returns the numbers
// that occur, and none where a value is not whole or lies outside. For double and all integers.
template <class T>
std::vector<double> whole_codes(const T* values, Index n, std::int64_t low, std::int64_t high,
                                int threads, std::int32_t* codes);

}  // namespace ranef
