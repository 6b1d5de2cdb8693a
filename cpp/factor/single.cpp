#include "factor/single.hpp"

namespace ranef {

bool Single::forward(const std::vector<Matrix>& lambda) {
  differentiated_ = false;
  swept_ = false;
  lambda_ = lambda;
  return sums_.forward(lambda[0]);
}

const SingleFactor* Single::sums(const Top& top) {
  if (!differentiated_) sums_.differentiate(top);
  differentiated_ = true;
  return &sums_;
}

void Single::reverse(const Top& top, std::vector<Matrix>& gamma, bool keep) {
  if (keep) {
    sweeps().reverse(top, gamma, true);
  } else {
    gamma.assign(1, sums(top)->gamma());
  }
}

Sweeps& Single::sweeps() {
  if (!swept_) sweeps_.forward(lambda_);
  swept_ = true;
  return sweeps_;
}

void Single::predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                        std::vector<std::vector<double>>& e) {
  sweeps().predictors(v, b, e);
}

}  // namespace ranef
