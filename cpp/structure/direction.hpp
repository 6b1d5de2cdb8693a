// A symmetric change of the relative covariance D = Lambda Lambda' of one grouping factor.
#pragma once

#include "linalg/dense.hpp"

namespace ranef {

struct Direction {
  int group = 0;
  Matrix d;  // q x q
};

}  // namespace ranef
