// What makes a problem need a second thought before it is solved.
#pragma once

#include "rows/cross_products.hpp"
#include "rows/scaling.hpp"

namespace ranef::binding {

struct Doubts {
  double collinear = 0.0;  // independence of X's columns below it
  double nothing = 0.0;    // share of y'Wy that X leaves unexplained, below it
};

// Whether a problem can be solved without one.
inline bool ready(const Scaling& scaling, const CrossProducts& products, Doubts doubts) {
  if (!scaling.representable() || products.n <= products.p) return false;
  const FixedPart fixed = fixed_part(products);
  return !(products.p > 1 && fixed.independence < doubts.collinear) &&
         fixed.unexplained > doubts.nothing * products.fixed(products.p, products.p);
}

}  // namespace ranef::binding
