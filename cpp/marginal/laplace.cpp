#include "marginal/laplace.hpp"

#include <cmath>
#include <limits>

#include "criterion/joint_inverse.hpp"
#include "linalg/products.hpp"

namespace ranef {

std::unique_ptr<Marginal> make_laplace(const GeneralisedRows& rows, const Family& family,
                                       int threads) {
  return std::make_unique<Laplace>(rows, family, threads);
}

namespace {

// A pass over fewer rows takes no longer than it takes to begin a thread.
int threads_for(Index n, int threads) {
  constexpr Index kFewRows = Index{1} << 15;
  return n < kFewRows ? 1 : threads;
}

}  // namespace

Laplace::Laplace(const GeneralisedRows& rows, const Family& family, int threads)
    : map_(rows, threads),
      rows_(map_, family, threads_for(rows.rows.n, threads)),
      arranged_{map_.shared_pattern(), zero_numbers(map_.pattern())},
      sweeps_(arranged_) {
  mode_.dual = zero_effects(map_.pattern(), 1);
}

bool Laplace::evaluate(const std::vector<Matrix>& lambda, const Vector& coefficients,
                       double tolerance) {
  lambda_ = lambda;
  coefficients_ = coefficients;
  entries_second_.resize(0, 0);
  d_.clear();
  for (const Matrix& l : lambda) d_.push_back(outer_gram(l));
  rows_.set_coefficients(coefficients);
  const Effects last = mode_.dual;
  begin();
  const auto found = [&] {
    return find_mode(rows_, {lambda_, d_}, tolerance, sweeps_, arranged_.numbers, mode_);
  };
  if (!found()) {
    // Modes that are extrapolated far may lead nowhere.
    mode_.dual = zero_effects(map_.pattern(), 1);
    if (!found()) {
      mode_.dual = last;
      return false;
    }
  }
  differentiate();
  bool finite = std::isfinite(value_) && slopes_.allFinite();
  for (const Matrix& gamma : gamma_) finite = finite && gamma.allFinite();
  return finite;
}

void Laplace::begin_at(const Effects& dual) {
  mode_.dual = dual;
  has_origin_ = false;
}

Start Laplace::start(const Chart& chart, const NormalPrior* normal) {
  return find_start(rows_, sweeps_, arranged_.numbers, chart, normal);
}

Start Laplace::start_at(const Chart& chart, const NormalPrior* normal, const Vector& coordinates,
                        const Vector& coefficients) {
  return find_start_at(rows_, sweeps_, arranged_.numbers, chart, normal, coordinates, coefficients);
}

// e^ where the search begins.
void Laplace::begin() {
  if (!has_origin_) return;
  const Pattern& pattern = map_.pattern();
  Vector moved;
  const auto append = [&](double value) {
    moved.conservativeResize(moved.size() + 1);
    moved(moved.size() - 1) = value;
  };
  for (std::size_t g = 0; g < d_.size() && origin_.entries; ++g) {
    for (Index b = 0; b < d_[g].cols(); ++b) {
      for (Index a = b; a < d_[g].rows(); ++a) append(d_[g](a, b) - origin_.d[g](a, b));
    }
  }
  if (!origin_.entries) moved.setZero(origin_.changes);
  for (Index k = 0; k < coefficients_.size(); ++k) {
    append(coefficients_(k) - origin_.coefficients(k));
  }
  mode_.dual = origin_.dual;
  for (std::size_t g = 0; g < mode_.dual.size(); ++g) {
    const Index q = pattern.q[g];
    const double* from = origin_.derivatives[g].data();
    for (Index level = 0; level < pattern.n_levels[g]; ++level, from += q * moved.size()) {
      double* to = &mode_.dual[g][at(level * q)];
      for (Index k = 0; k < moved.size(); ++k) {
        for (Index a = 0; a < q; ++a) to[a] += from[a + k * q] * moved(k);
      }
    }
  }
}

void Laplace::differentiate() {
  const Pattern& pattern = map_.pattern();
  const Matrix top = Matrix::Zero(pattern.m, pattern.m);
  sweeps_.reverse(top, gamma_, true);
  p_ = blocks_of(pattern, sweeps_.kept(top));
  Effects z_a;
  rows_.gradient_pass(mode_.effects, p_, z_a);
  solve_levels(sweeps_, 1, z_a, nullptr, third_, third_effects_, rows_.threads());

  third_product_ = inner(z_a, third_effects_);

  scores_ = mode_.dual;
  Effects v = third_effects_;  // D t - 2 P rho
  for (std::size_t g = 0; g < v.size(); ++g) {
    for (std::size_t k = 0; k < v[g].size(); ++k) {
      scores_[g][k] += mode_.step[g][k];
      v[g][k] -= 2.0 * mode_.step_effects[g][k];
    }
  }
  slopes_ = rows_.slopes(v);
  for (std::size_t g = 0; g < gamma_.size(); ++g) {
    const Index q = pattern.q[g];
    const Eigen::Map<const Matrix> e(scores_[g].data(), q, pattern.n_levels[g]);
    const Eigen::Map<const Matrix> t(third_[g].data(), q, pattern.n_levels[g]);
    // (t - e) e' has -e e' + (t e' + e t')/2 as its symmetric part.
    gamma_[g] += times(t - e, Form::kPlain, e, Form::kTransposed);
    gamma_[g] = (0.5 * (gamma_[g] + gamma_[g].transpose())).eval();
  }
  const double determinant = sweeps_.log_determinant();
  value_ = -2.0 * mode_.sums.log_density + mode_.penalty + determinant - mode_.decrement +
           inner(third_effects_, mode_.gap);
  rounding_ = std::numeric_limits<double>::epsilon() *
              (4.0 * mode_.sums.magnitude + 32.0 * std::abs(determinant) + 4.0 * mode_.penalty);
}

std::vector<std::vector<double>> Laplace::modes() {
  Effects out = mode_.effects;
  for (std::size_t g = 0; g < out.size(); ++g) {
    for (std::size_t k = 0; k < out[g].size(); ++k) out[g][k] += mode_.step_effects[g][k];
  }
  return out;
}

std::vector<std::vector<double>> Laplace::conditional_variances() {
  const Pattern& pattern = map_.pattern();
  Effects out(at(pattern.n_groups));
  for (std::size_t i = 0; i < pattern.chain.size(); ++i) {
    const double* from = p_.diagonal[i];
    out[at(pattern.chain[i].group)].assign(from, from + pattern.chain[i].diagonal_size());
  }
  for (std::size_t t = 0; t < pattern.tail.size(); ++t) {
    out[at(pattern.tail[t].group)] = p_.tail[t];
  }
  return out;
}

std::vector<double> Laplace::row_variances(const RowsView& rows) {
  RowsView random = rows;
  random.fixed.clear();
  random.weights = nullptr;
  return ranef::row_variances(sweeps_, Matrix::Zero(0, 0), random);
}

double Laplace::work() const {
  return map_.pattern().work() +
         static_cast<double>(map_.n()) * static_cast<double>(4 + map_.fixed().size());
}

}  // namespace ranef
