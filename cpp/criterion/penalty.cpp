#include "criterion/penalty.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "linalg/decompose.hpp"
#include "linalg/products.hpp"
#include "structure/direction.hpp"

namespace ranef {

namespace {

// Effects of an SD below 1e-10, for inner columns of size one and beside the largest SD of the
// term, are there by rounding error.
constexpr double kZero = 1e-20;

Matrix block(const Matrix& matrix, const TermPenalty& term) {
  return matrix.block(term.offset, term.offset, term.q(), term.q());
}

}  // namespace

void add_fixed_rows(Numbers& numbers, const Matrix& rows) {
  numbers.n += rows.rows();
  add(1.0, rows, Form::kTransposed, rows, Form::kPlain, numbers.fixed);
}

bool Penalty::evaluate(const std::vector<Matrix>& lambda) {
  value_ = 0.0;
  states_.resize(terms_.size());
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    const TermPenalty& term = terms_[k];
    double value = 0.0;
    if (!evaluate_term(term, block(lambda[at(term.group)], term), states_[k], value)) return false;
    value_ += value;
  }
  return std::isfinite(value_);
}

bool Penalty::evaluate_term(const TermPenalty& term, const Matrix& t, State& state, double& value) {
  const int q = term.q();
  const Matrix root = times(term.change, t);
  const double unit = kZero * std::max(1.0, t.squaredNorm());
  state.s = outer_gram(root);
  state.zero.assign(at(q), false);
  state.any_zero = false;
  std::vector<int> live;
  value = term.constant + term.trace.cwiseProduct(state.s).sum();
  for (int i = 0; i < q; ++i) {
    const double variance = state.s(i, i);
    if (!(variance > unit * term.change.row(i).squaredNorm())) {
      if (term.log_det > 0.0 || term.log_sd(i) > 0.0) return false;
      state.zero[at(i)] = state.any_zero = true;
      continue;
    }
    live.push_back(i);
    value -= 0.5 * term.log_sd(i) * std::log(variance);
    value += term.sd(i) * std::sqrt(variance);
    for (Index k = 0; k < term.tail_weight.rows(); ++k) {
      value += term.tail_weight(k, i) * std::log1p(variance / term.tail_scale(k, i));
    }
  }
  state.inverse = Matrix::Zero(q, q);
  if (!(term.log_det > 0.0 || term.log_correlation > 0.0) || live.empty()) return true;

  // log|S| over the live effects, and its inverse there.
  const auto count = static_cast<Index>(live.size());
  Matrix inverse;
  double log_det = 0.0;
  if (count == q) {
    const Vector pivots = t.diagonal().cwiseAbs();
    if (!(pivots.minCoeff() > 0.0)) return false;
    log_det = 2.0 * (pivots.array().log().sum() + std::log(std::abs(determinant_of(term.change))));
    inverse = inner_gram(inverse_of(root));
  } else {
    Matrix factor(count, count);
    for (Index i = 0; i < count; ++i) {
      for (Index j = 0; j < count; ++j) factor(i, j) = state.s(live[at(i)], live[at(j)]);
    }
    if (!cholesky_lower(factor)) return false;
    log_det = 2.0 * factor.diagonal().array().log().sum();
    inverse_from_cholesky(factor);
    inverse = factor;
  }
  if (!inverse.allFinite()) return false;
  double log_variances = 0.0;
  for (Index i = 0; i < count; ++i) {
    log_variances += std::log(state.s(live[at(i)], live[at(i)]));
    for (Index j = 0; j < count; ++j) state.inverse(live[at(i)], live[at(j)]) = inverse(i, j);
  }
  value -= term.log_det * log_det + term.log_correlation * (log_det - log_variances);
  return true;
}

std::vector<Vector> Penalty::pinned(int group, int offset) const {
  std::vector<Vector> out;
  for (std::size_t k = 0; k < states_.size(); ++k) {
    const TermPenalty& term = terms_[k];
    if (term.group != group || term.offset != offset || !(term.log_correlation > 0.0)) continue;
    for (int i = 0; i < term.q(); ++i) {
      if (states_[k].zero[at(i)]) out.push_back(term.change.row(i).transpose());
    }
  }
  return out;
}

// Derivative with respect to S.
Matrix Penalty::slope(const TermPenalty& term, const State& state) {
  Matrix out = term.trace - (term.log_det + term.log_correlation) * state.inverse;
  for (int i = 0; i < term.q(); ++i) {
    const double variance = state.s(i, i);
    for (Index k = 0; k < term.tail_weight.rows(); ++k) {
      out(i, i) += term.tail_weight(k, i) / (term.tail_scale(k, i) + variance);
    }
    if (state.zero[at(i)]) continue;
    out(i, i) += (term.log_correlation - 0.5 * term.log_sd(i)) / variance +
                 0.5 * term.sd(i) / std::sqrt(variance);
  }
  return out;
}

double Penalty::curvature(const TermPenalty& term, const State& state, const Matrix& e,
                          const Matrix& f) {
  double sum = (term.log_det + term.log_correlation) *
               times(state.inverse, e).cwiseProduct(times(state.inverse, f).transpose()).sum();
  for (int i = 0; i < term.q(); ++i) {
    const double variance = state.s(i, i);
    double second = 0.0;
    for (Index k = 0; k < term.tail_weight.rows(); ++k) {
      const double scale = term.tail_scale(k, i) + variance;
      second -= term.tail_weight(k, i) / (scale * scale);
    }
    if (!state.zero[at(i)]) {
      second += (0.5 * term.log_sd(i) - term.log_correlation) / (variance * variance) -
                0.25 * term.sd(i) / (variance * std::sqrt(variance));
    }
    sum += second * e(i, i) * f(i, i);
  }
  return sum;
}

// Where s_i = 0, give the effect a small SD r and correlations c with the others. To second order
// in r the criterion changes by r (2 G_iR S_RR^(1/2)-scaled) c + kappa c' C_RR^-1 c + r^2 G_ii; the
// best c is proportional to r, and what is left is r^2 (G_ii - G_iR S_RR G_Ri / kappa).
void Penalty::add_gamma(std::vector<Matrix>& gamma) const {
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    const TermPenalty& term = terms_[k];
    const State& state = states_[k];
    Matrix& whole = gamma[at(term.group)];
    const Matrix& b = term.change;
    Matrix change = congruent_transposed(b, slope(term, state));
    if (state.any_zero && term.log_correlation > 0.0) {
      const Matrix back = inverse_of(b);
      const Matrix total = congruent_transposed(back, block(whole, term) + change);
      Matrix correction = Matrix::Zero(term.q(), term.q());
      for (int i = 0; i < term.q(); ++i) {
        if (!state.zero[at(i)]) continue;
        Vector cross = total.col(i);
        cross(i) = 0.0;
        correction.col(i) = -cross;
        correction.row(i) = -cross.transpose();
      }
      for (int i = 0; i < term.q(); ++i) {
        if (!state.zero[at(i)]) continue;
        Vector cross = total.col(i);
        for (int j = 0; j < term.q(); ++j) {
          if (state.zero[at(j)]) cross(j) = 0.0;
        }
        correction(i, i) = -cross.dot(state.s * cross) / term.log_correlation;
      }
      change += congruent_transposed(b, correction);
    }
    whole.block(term.offset, term.offset, term.q(), term.q()) += change;
  }
}

void Penalty::add_hessian(const std::vector<Direction>& directions, Matrix& hessian) const {
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    const TermPenalty& term = terms_[k];
    std::vector<Matrix> moved;
    std::vector<Index> which;
    for (std::size_t d = 0; d < directions.size(); ++d) {
      if (directions[d].group != term.group) continue;
      moved.push_back(congruent(term.change, block(directions[d].d, term)));
      which.push_back(static_cast<Index>(d));
    }
    for (std::size_t s = 0; s < moved.size(); ++s) {
      for (std::size_t t = 0; t <= s; ++t) {
        const double value = curvature(term, states_[k], moved[s], moved[t]);
        hessian(which[s], which[t]) += value;
        if (s != t) hessian(which[t], which[s]) += value;
      }
    }
  }
}

}  // namespace ranef
