#include "marginal/level_run.hpp"

#include <algorithm>

namespace ranef {

double* DerivativeArrays::memory() {
  arrays_.emplace_back(n_);
  return arrays_.back().data();
}

DerivativeArrays& DerivativeArrays::eta(std::size_t first, std::size_t last) {
  for (std::size_t k = first; k <= last; ++k) pointers_.eta[k] = memory();
  return *this;
}

DerivativeArrays& DerivativeArrays::psi(std::size_t channels, std::size_t first, std::size_t last) {
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t k = first; k <= last; ++k) pointers_.psi[c][k] = memory();
  }
  return *this;
}

DerivativeArrays& DerivativeArrays::psi2(std::size_t channels) {
  for (std::size_t a = 0; a < channels; ++a) {
    for (std::size_t b = a; b < channels; ++b) pointers_.psi2[a + b][0] = memory();
  }
  return *this;
}

template <int Q>
LevelRun<Q>::LevelRun(const LevelRows& rows, const Family& family, const Parameters& parameters,
                      Index first, Index last)
    : rows_(rows), family_(family), first_(first), last_(last) {
  for (int k = 0; k < Q * Q; ++k) lambda_[at(k)] = parameters.lambda(k % Q, k / Q);
  c_.resize(at(n() * Q));
  for (Index i = 0; i < n(); ++i) apply_transposed<Q>(lambda(), z(i), &c_[at(i * Q)]);
  fixed_.resize(at(n()));
  rows.designs[0].predict(parameters.coefficients, row(), n(), fixed_.data());
  if (!rows.offset.empty()) {
    for (Index i = 0; i < n(); ++i) fixed_[at(i)] += rows.offset[at(row() + i)];
  }
  for (std::size_t k = 0; k < channels(); ++k) {
    psi_[k].resize(at(n()));
    rows.designs[k + 1].predict(parameters.coefficients, row(), n(), psi_[k].data());
  }
  eta_ = fixed_;
}

template <int Q>
void LevelRun<Q>::place(Index level, const double* u) {
  for (Index i = from(level); i < to(level); ++i) eta_[at(i)] = fixed_[at(i)] + dot<Q>(c(i), u);
}

template <int Q>
FamilyRows LevelRun<Q>::view(Index from, Index to) const {
  FamilyRows out;
  out.n = to - from;
  out.eta = eta_.data() + from;
  for (std::size_t k = 0; k < channels(); ++k) out.psi[k] = psi_[k].data() + from;
  out.y = rows_.y.data() + row() + from;
  if (!rows_.weights.empty()) out.weights = rows_.weights.data() + row() + from;
  return out;
}

template <int Q>
void LevelRun<Q>::derivatives(Index from, Index to, RowOrder order,
                              const RowDerivatives& out) const {
  RowDerivatives there = out;
  const auto move = [from](double*& pointer) {
    if (pointer != nullptr) pointer += from;
  };
  for (double*& pointer : there.eta) move(pointer);
  for (auto& channel : there.psi) {
    for (double*& pointer : channel) move(pointer);
  }
  for (auto& pair : there.psi2) {
    for (double*& pointer : pair) move(pointer);
  }
  family_.derivatives(view(from, to), order, there);
}

template <int Q>
void LevelRun<Q>::expected(Index from, Index to, double* information) const {
  family_.expected(view(from, to), information + from);
}

template class LevelRun<1>;
template class LevelRun<2>;
template class LevelRun<3>;

}  // namespace ranef
