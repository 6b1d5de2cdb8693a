// Independent effects of one variance ("homdiag"): C = I.
#pragma once

#include "structure/family.hpp"

namespace ranef {

class Identity : public CorrelationFamily {
 public:
  explicit Identity(int q) : CorrelationFamily(q, false, 0) {}

 protected:
  Triangle<Jet> correlation_root(const std::vector<Jet>&) const override { return root_of<Jet>(); }
  Triangle<double> correlation_root(const std::vector<double>&) const override {
    return root_of<double>();
  }
  Vector correlations_of(const Matrix&) const override { return {}; }
  Vector angles_of(const Vector&) const override { return {}; }
  Vector nearest_angles(const Matrix&) const override { return {}; }

 private:
  template <class Number>
  Triangle<Number> root_of() const {
    Triangle<Number> l;
    for (int i = 0; i < q(); ++i) {
      l.emplace_back(at(i) + 1, Number(0.0));
      l.back().back() = 1.0;
    }
    return l;
  }
};

}  // namespace ranef
