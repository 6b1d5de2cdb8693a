// The factorisation of a single grouping factor: sums over its levels, a few at a time, give the
// value and the slope. The sweeps are there for callers who need the numbers of single levels.
#pragma once

#include "factor/factor.hpp"
#include "factor/single_factor.hpp"
#include "factor/sweeps.hpp"

namespace ranef {

class Single final : public Factor {
 public:
  Single(const Arranged& arranged, int threads) : sums_(arranged, threads), sweeps_(arranged) {}

  void reload() override { sums_.reload(); }
  void set_threads(int threads) override { sums_.set_threads(threads); }
  bool forward(const std::vector<Matrix>& lambda) override;
  double log_determinant() const override { return sums_.log_determinant(); }
  const Matrix& fixed() const override { return sums_.fixed(); }
  void reverse(const Top& top, std::vector<Matrix>& gamma, bool keep) override;
  Sweeps& sweeps() override;
  const SingleFactor* sums(const Top& top) override;
  void predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                  std::vector<std::vector<double>>& e) override;
  Noise noise() const override { return sweeps_.noise(); }

 private:
  SingleFactor sums_;
  Sweeps sweeps_;
  std::vector<Matrix> lambda_;
  bool differentiated_ = false;  // whether sums_ have made their second pass
  bool swept_ = false;           // whether sweeps_ are at lambda_
};

}  // namespace ranef
