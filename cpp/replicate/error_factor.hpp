// Cross-products of errors without rows, exact in distribution.
//
// For e ~ N(0, sigma^2 W^-1) the products [Z X]'W e are N(0, sigma^2 G), G = [Z X]'W[Z X], and
// e'W e = |P e|^2 + sigma^2 chi^2(n - rank G), the two parts independent, P the projection on the
// columns of W^(1/2)[Z X]. With G = L L' (L with a zero column wherever the columns before
// determine one) and xi standard normal, [Z X]'W e = sigma L xi and |P e|^2 = sigma^2 |xi|^2. The
// cost is that of the blocks of A, whatever the number of rows.
#pragma once

#include <vector>

#include "linalg/philox.hpp"
#include "replicate/joint_vector.hpp"

namespace ranef {

class ErrorFactor {
 public:
  explicit ErrorFactor(const Arranged& arranged);

  // Sets `out` to L xi and returns |xi|^2.
  double draw(Stream& random, JointVector& out) const;

  Index rank() const { return rank_; }

 private:
  const Arranged& arranged_;
  std::vector<std::vector<double>> diagonal_;  // by stage: lower factor of each level
  std::vector<std::vector<double>> rest_;      // by stage: its columns below, transposed
  Matrix dense_;                               // lower factor over the tail, then X
  Index rank_ = 0;
};

}  // namespace ranef
