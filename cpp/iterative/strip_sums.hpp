// Sums over levels into a vector over the tail: fixed strips of levels, each with a vector of its
// own, added in order. The result has the same bits for any number of threads.
#pragma once

#include <algorithm>
#include <array>

#include "iterative/level_lists.hpp"
#include "linalg/numbers.hpp"
#include "linalg/parallel.hpp"

namespace ranef {

class StripSums {
 public:
  // Calls strip(s, own) for each strip, where `own` are `size` zeros to be added to; then adds them
  // up to out.
  template <class Strip>
  void add(std::size_t size, int threads, const Strip& strip, double* out) {
    run_tasks(kStrips, threads, [&](Index s) {
      HugeVector& own = buffers_[at(s)];
      own.assign(size, 0.0);
      strip(static_cast<int>(s), own.data());
    });
    constexpr Index kRun = Index{1} << 16;
    run_parts(static_cast<Index>(size), kRun, threads, [&](Index from, Index to) {
      for (const HugeVector& own : buffers_) {
        for (Index i = from; i < to; ++i) out[i] += own[at(i)];
      }
    });
  }

 private:
  std::array<HugeVector, kStrips> buffers_;
};

}  // namespace ranef
