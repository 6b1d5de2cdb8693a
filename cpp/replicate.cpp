#include "replicate.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ranef {

namespace {

// Streams of one replicate, so that one kind of draw never moves another.
constexpr std::uint32_t kEffects = 0;
constexpr std::uint32_t kErrors = 1;
constexpr std::uint32_t kRemainder = 2;
constexpr std::uint32_t kLevels = 3;

double value_at(const ColumnView& column, Index row) {
  const double raw = column.values == nullptr ? 1.0 : column.values[row];
  return (raw - column.shift) / column.scale;
}

// Adds the errors, whose products are in `space.errors`, to the mean of the effects.
void complete(const Problem& problem, double error_squares, ReplicateSpace& space) {
  times_products(problem, space.effects, space.response.joint);
  space.response.squares = space.effects.dot(space.response.joint) +
                           2.0 * space.effects.dot(space.errors) + error_squares;
  space.response.joint.add(space.errors);
}

}  // namespace

ParametricReplicates::ParametricReplicates(const Problem& problem, Truth truth,
                                           std::vector<std::vector<double>> modes)
    : problem_(problem), truth_(std::move(truth)), modes_(std::move(modes)), factor_(problem) {}

void ParametricReplicates::make(std::uint64_t k, ReplicateSpace& space, Problem& problem) const {
  const double sigma = truth_.sigma;
  const std::vector<double*> effects = group_starts(problem_, space.effects);
  Stream random(truth_.seed, k, kEffects);
  Vector z;
  for (std::size_t g = 0; g < effects.size(); ++g) {
    if (!modes_.empty()) {
      std::copy(modes_[g].begin(), modes_[g].end(), effects[g]);
      continue;
    }
    const int q = problem_.q[g];
    const Matrix& lambda = truth_.lambda[g];
    z.resize(q);
    for (Index level = 0; level < problem_.n_levels[g]; ++level) {
      for (double& value : z) value = random.normal();
      double* b = effects[g] + level * q;
      for (int a = 0; a < q; ++a) {
        double sum = 0.0;
        for (int c = 0; c <= a; ++c) sum += lambda(a, c) * z(c);
        b[a] = sigma * sum;
      }
    }
  }
  space.effects.fixed = truth_.beta;
  Stream noise(truth_.seed, k, kErrors);
  double squares = factor_.draw(noise, space.errors);
  for (std::vector<double>& part : space.errors.chain) {
    for (double& value : part) value *= sigma;
  }
  space.errors.tail *= sigma;
  space.errors.fixed *= sigma;
  Stream remainder(truth_.seed, k, kRemainder);
  squares += remainder.chi_squared(problem_.n - factor_.rank());
  complete(problem_, sigma * sigma * squares, space);
  set_response(space.response, problem);
}

ResidualReplicates::ResidualReplicates(const Problem& problem, const RowsView& rows, Vector beta,
                                       std::vector<EffectPool> effects, std::vector<double> errors,
                                       std::uint64_t seed)
    : problem_(problem),
      rows_(rows),
      beta_(std::move(beta)),
      effects_(std::move(effects)),
      errors_(std::move(errors)),
      seed_(seed) {}

void ResidualReplicates::make(std::uint64_t k, ReplicateSpace& space, Problem& problem) const {
  const std::vector<double*> effects = group_starts(problem_, space.effects);
  Stream random(seed_, k, kEffects);
  for (const EffectPool& pool : effects_) {
    const std::size_t q = at(pool.q);
    const auto size = static_cast<Index>(pool.values.size() / q);
    for (Index level = 0; level < problem_.n_levels[at(pool.group)]; ++level) {
      double* b = effects[at(pool.group)] + level * problem_.q[at(pool.group)] + pool.offset;
      std::copy_n(&pool.values[at(random.below(size)) * q], q, b);
    }
  }
  space.effects.fixed = beta_;
  space.errors.set_zero();
  const std::vector<double*> errors = group_starts(problem_, space.errors);
  Stream noise(seed_, k, kErrors);
  const auto size = static_cast<Index>(errors_.size());
  double squares = 0.0;
  for (Index row = 0; row < rows_.n; ++row) {
    const double e = errors_[at(noise.below(size))];
    squares += e * e;
    const double we = rows_.weights == nullptr ? e : e * std::sqrt(rows_.weights[row]);
    for (std::size_t g = 0; g < errors.size(); ++g) {
      const GroupView& group = rows_.groups[g];
      double* to = errors[g] + group.codes[row] * problem_.q[g];
      for (const ColumnView& column : group.columns) *to++ += we * value_at(column, row);
    }
    for (int a = 0; a < problem_.p; ++a) {
      space.errors.fixed(a) += we * value_at(rows_.fixed[at(a)], row);
    }
  }
  complete(problem_, squares, space);
  set_response(space.response, problem);
}

ClusterReplicates::ClusterReplicates(const Problem& problem, const RowsView& rows,
                                     std::uint64_t seed)
    : problem_(problem), seed_(seed) {
  const GroupView& group = rows.groups.front();
  const std::size_t levels = at(group.n_levels);
  const int m = problem.m;
  fixed_.assign(levels, Matrix::Zero(m, m));
  n_rows_.assign(levels, 0);
  sum_log_weights_.assign(levels, 0.0);
  Vector x(m);
  for (Index row = 0; row < rows.n; ++row) {
    const std::size_t level = at(group.codes[row]);
    for (int a = 0; a < problem.p; ++a) x(a) = value_at(rows.fixed[at(a)], row);
    x(m - 1) = value_at(rows.response, row);
    const double w = rows.weights == nullptr ? 1.0 : rows.weights[row];
    fixed_[level].noalias() += w * x * x.transpose();
    if (rows.weights != nullptr) sum_log_weights_[level] += std::log(w);
    ++n_rows_[level];
  }
}

void ClusterReplicates::make(std::uint64_t k, ReplicateSpace&, Problem& problem) const {
  const Stage& from = problem_.chain[0];
  Stage& to = problem.chain[0];
  const std::size_t diagonal = at(from.q) * at(from.q);
  const std::size_t rest = at(from.q) * at(problem_.m);
  problem.fixed.setZero();
  problem.n = 0;
  problem.sum_log_weights = 0.0;
  Stream random(seed_, k, kLevels);
  for (std::size_t level = 0; level < at(from.n_levels); ++level) {
    const std::size_t drawn = at(random.below(from.n_levels));
    std::copy_n(&from.diagonal[drawn * diagonal], diagonal, &to.diagonal[level * diagonal]);
    std::copy_n(&from.rest[drawn * rest], rest, &to.rest[level * rest]);
    problem.fixed += fixed_[drawn];
    problem.n += n_rows_[drawn];
    problem.sum_log_weights += sum_log_weights_[drawn];
  }
}

}  // namespace ranef
