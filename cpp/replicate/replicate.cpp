#include "replicate/replicate.hpp"

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
void complete(const Arranged& arranged, double error_squares, ReplicateSpace& space) {
  times_products(arranged, space.effects, space.response.joint);
  space.response.squares = space.effects.dot(space.response.joint) +
                           2.0 * space.effects.dot(space.errors) + error_squares;
  space.response.joint.add(space.errors);
}

}  // namespace

ParametricReplicates::ParametricReplicates(const Arranged& arranged, Truth truth,
                                           std::vector<std::vector<double>> modes)
    : arranged_(arranged), truth_(std::move(truth)), modes_(std::move(modes)), factor_(arranged) {}

void ParametricReplicates::make(std::uint64_t k, ReplicateSpace& space, Arranged& arranged) const {
  const double sigma = truth_.sigma;
  const std::vector<double*> effects = group_starts(arranged_, space.effects);
  Stream random(truth_.seed, k, kEffects);
  Vector z;
  for (std::size_t g = 0; g < effects.size(); ++g) {
    if (!modes_.empty()) {
      std::copy(modes_[g].begin(), modes_[g].end(), effects[g]);
      continue;
    }
    const int q = arranged_->q[g];
    const Matrix& lambda = truth_.lambda[g];
    z.resize(q);
    for (Index level = 0; level < arranged_->n_levels[g]; ++level) {
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
  squares += remainder.chi_squared(arranged_.numbers.n - factor_.rank());
  complete(arranged_, sigma * sigma * squares, space);
  set_response(space.response, arranged);
}

ResidualReplicates::ResidualReplicates(const Arranged& arranged, const RowsView& rows, Vector beta,
                                       std::vector<EffectPool> effects, std::vector<double> errors,
                                       std::uint64_t seed)
    : arranged_(arranged),
      rows_(rows),
      beta_(std::move(beta)),
      effects_(std::move(effects)),
      errors_(std::move(errors)),
      seed_(seed) {}

void ResidualReplicates::make(std::uint64_t k, ReplicateSpace& space, Arranged& arranged) const {
  const std::vector<double*> effects = group_starts(arranged_, space.effects);
  Stream random(seed_, k, kEffects);
  for (const EffectPool& pool : effects_) {
    const std::size_t q = at(pool.q);
    const auto size = static_cast<Index>(pool.values.size() / q);
    for (Index level = 0; level < arranged_->n_levels[at(pool.group)]; ++level) {
      double* b = effects[at(pool.group)] + level * arranged_->q[at(pool.group)] + pool.offset;
      std::copy_n(&pool.values[at(random.below(size)) * q], q, b);
    }
  }
  space.effects.fixed = beta_;
  space.errors.set_zero();
  const std::vector<double*> errors = group_starts(arranged_, space.errors);
  Stream noise(seed_, k, kErrors);
  const auto size = static_cast<Index>(errors_.size());
  double squares = 0.0;
  for (Index row = 0; row < rows_.n; ++row) {
    const double e = errors_[at(noise.below(size))];
    squares += e * e;
    const double we = rows_.weights == nullptr ? e : e * std::sqrt(rows_.weights[row]);
    for (std::size_t g = 0; g < errors.size(); ++g) {
      const GroupView& group = rows_.groups[g];
      double* to = errors[g] + group.codes[row] * arranged_->q[g];
      for (const ColumnView& column : group.columns) *to++ += we * value_at(column, row);
    }
    for (int a = 0; a < arranged_->p; ++a) {
      space.errors.fixed(a) += we * value_at(rows_.fixed[at(a)], row);
    }
  }
  complete(arranged_, squares, space);
  set_response(space.response, arranged);
}

ClusterReplicates::ClusterReplicates(const Arranged& arranged, const RowsView& rows,
                                     std::uint64_t seed)
    : arranged_(arranged), seed_(seed) {
  const GroupView& group = rows.groups.front();
  const std::size_t levels = at(group.n_levels);
  const int m = arranged->m;
  fixed_.assign(levels, Matrix::Zero(m, m));
  n_rows_.assign(levels, 0);
  sum_log_weights_.assign(levels, 0.0);
  Vector x(m);
  for (Index row = 0; row < rows.n; ++row) {
    const std::size_t level = at(group.codes[row]);
    for (int a = 0; a < arranged->p; ++a) x(a) = value_at(rows.fixed[at(a)], row);
    x(m - 1) = value_at(rows.response, row);
    const double w = rows.weights == nullptr ? 1.0 : rows.weights[row];
    fixed_[level].noalias() += w * x * x.transpose();
    if (rows.weights != nullptr) sum_log_weights_[level] += std::log(w);
    ++n_rows_[level];
  }
}

void ClusterReplicates::make(std::uint64_t k, ReplicateSpace&, Arranged& arranged) const {
  const StageNumbers& from = arranged_.numbers.chain[0];
  StageNumbers& to = arranged.numbers.chain[0];
  const Stage& stage = arranged_->chain[0];
  const std::size_t diagonal = at(stage.q) * at(stage.q);
  const std::size_t rest = at(stage.q) * at(arranged_->m);
  arranged.numbers.fixed.setZero();
  arranged.numbers.n = 0;
  arranged.numbers.sum_log_weights = 0.0;
  Stream random(seed_, k, kLevels);
  for (std::size_t level = 0; level < at(stage.n_levels); ++level) {
    const std::size_t drawn = at(random.below(stage.n_levels));
    std::copy_n(&from.diagonal[drawn * diagonal], diagonal, &to.diagonal[level * diagonal]);
    std::copy_n(&from.rest[drawn * rest], rest, &to.rest[level * rest]);
    arranged.numbers.fixed += fixed_[drawn];
    arranged.numbers.n += n_rows_[drawn];
    arranged.numbers.sum_log_weights += sum_log_weights_[drawn];
  }
}

}  // namespace ranef
