// Derivatives along changes of A and of D against differences, for every layout; and the numbers
// that A is made of: other rows on the same pattern, sums with coefficients.
#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "criterion/criterion.hpp"
#include "curvature/changes.hpp"
#include "curvature/curvature.hpp"
#include "random_data.hpp"

namespace {

using ranef::Change;
using ranef::Index;
using ranef::Matrix;
using ranef::Numbers;
using ranef::Vector;
using ranef::tests::Data;
using ranef::tests::make;

int failures = 0;

void expect(double error, double limit, const std::string& what) {
  if (error < limit) return;
  ++failures;
  std::printf("failed: %s (%.3g)\n", what.c_str(), error);
}

// The rows whose number is a multiple of three.
Data thinned(const Data& data) {
  Data out = data;
  for (auto& codes : out.codes) codes.clear();
  out.x.clear();
  out.y.clear();
  for (std::size_t i = 0; i < data.y.size(); i += 3) {
    for (std::size_t g = 0; g < data.codes.size(); ++g) out.codes[g].push_back(data.codes[g][i]);
    out.x.push_back(data.x[i]);
    out.y.push_back(data.y[i]);
  }
  return out;
}

void fill_symmetric(std::mt19937& random, Index q, ranef::HugeVector& blocks) {
  std::normal_distribution<double> normal;
  const auto size = static_cast<std::size_t>(q * q);
  for (std::size_t from = 0; from < blocks.size(); from += size) {
    Eigen::Map<Matrix> block(&blocks[from], q, q);
    for (double& value : block.reshaped()) value = normal(random);
    block = (block + block.transpose()).eval();
  }
}

// Any symmetric change of A on the pattern.
Numbers any_change(std::mt19937& random, const ranef::Arranged& arranged) {
  std::normal_distribution<double> normal;
  Numbers out = arranged.numbers;
  const auto fill = [&](auto& values) {
    for (double& value : values) value = normal(random);
  };
  for (std::size_t i = 0; i < out.chain.size(); ++i) {
    fill_symmetric(random, arranged->chain[i].q, out.chain[i].diagonal);
    fill(out.chain[i].rest);
  }
  for (std::size_t t = 0; t < out.tail.size(); ++t) {
    fill_symmetric(random, arranged->tail[t].q, out.tail[t]);
  }
  for (std::vector<double>& values : out.tail_pairs) fill(values);
  for (Matrix* matrix : {&out.fixed, &out.tail_fixed}) {
    for (double& value : matrix->reshaped()) value = normal(random);
  }
  out.fixed = (out.fixed + out.fixed.transpose()).eval();
  return out;
}

// Lambda of a D that may have zero rows.
Matrix root(Matrix d) {
  for (Index j = 0; j < d.cols(); ++j) {
    d.col(j).head(j).setZero();
    for (Index k = 0; k < j; ++k)
      d.col(j).tail(d.rows() - j) -= d(j, k) * d.col(k).tail(d.rows() - j);
    const double pivot = std::sqrt(d(j, j));
    if (pivot > 0.0) d.col(j).tail(d.rows() - j) /= pivot;
  }
  return d;
}

// One problem whose D and A can be moved along changes.
class Mover {
 public:
  Mover(const ranef::Arranged& at_rest, std::vector<Matrix> d, std::vector<Change> changes)
      : rest_(at_rest.numbers), moved_(at_rest), d_(std::move(d)), changes_(std::move(changes)) {}

  ranef::Arranged& arranged() { return moved_; }

  // Lambda where everything has moved by t.
  std::vector<Matrix> to(const Vector& t) {
    std::vector<Matrix> d = d_;
    std::vector<const Numbers*> terms = {&rest_};
    std::vector<double> coefficients = {1.0};
    for (std::size_t k = 0; k < changes_.size(); ++k) {
      const double step = t(static_cast<Index>(k));
      if (const auto* direction = std::get_if<ranef::Direction>(&changes_[k])) {
        d[static_cast<std::size_t>(direction->group)] += step * direction->d;
      } else {
        terms.push_back(std::get<const Numbers*>(changes_[k]));
        coefficients.push_back(step);
      }
    }
    const Eigen::Map<const Vector> c(coefficients.data(), static_cast<Index>(coefficients.size()));
    ranef::combine(c, terms, moved_.numbers);
    std::vector<Matrix> lambda;
    for (const Matrix& one : d) lambda.push_back(root(one));
    return lambda;
  }

 private:
  Numbers rest_;
  ranef::Arranged moved_;
  std::vector<Matrix> d_;
  std::vector<Change> changes_;
};

// d/dt_k by central differences, extrapolated.
Vector difference(const std::function<Vector(const Vector&)>& f, Index count, Index k) {
  const auto central = [&](double step) {
    Vector t = Vector::Zero(count);
    t(k) = step;
    return Vector((f(t) - f(-t)) / (2.0 * step));
  };
  constexpr double kStep = 2e-3;
  return (4.0 * central(0.5 * kStep) - central(kStep)) / 3.0;
}

void check(const std::string& name, const ranef::Arranged& arranged, std::vector<Matrix> d,
           const std::vector<Change>& changes, bool reml, bool fixed_sigma) {
  Mover mover(arranged, std::move(d), changes);
  ranef::Criterion criterion(mover.arranged(), reml);
  if (fixed_sigma) criterion.fix_sigma(0.8);
  const auto count = static_cast<Index>(changes.size());
  const auto stand = [&](const Vector& t) {
    const std::vector<Matrix> lambda = mover.to(t);
    criterion.reload();
    if (!criterion.evaluate(lambda)) expect(1.0, 0.0, name + ": evaluate");
  };
  stand(Vector::Zero(count));
  const Vector slopes = ranef::slopes(criterion, changes);
  std::vector<ranef::Direction> of_d;
  for (const Change& change : changes) {
    if (const auto* one = std::get_if<ranef::Direction>(&change)) of_d.push_back(*one);
  }
  const Matrix hessian = ranef::hessian_along(criterion, changes);
  const auto n_d = static_cast<Index>(of_d.size());
  if (n_d > 0) {  // the way that serves the layout
    const Matrix fast = ranef::hessian(criterion, of_d);
    const double error = (fast - hessian.topLeftCorner(n_d, n_d)).norm();
    expect(error / (1.0 + fast.norm()), 1e-10, name + ": the two Hessians of D");
    ranef::Curvature parts = ranef::curvature(criterion, of_d);
    expect((fast - parts.hessian).norm() / (1.0 + fast.norm()), 1e-12, name + ": curvature");
  }
  const auto value = [&](const Vector& t) {
    stand(t);
    return Vector::Constant(1, criterion.value());
  };
  const auto gradient = [&](const Vector& t) {
    stand(t);
    return ranef::slopes(criterion, changes);
  };
  for (Index k = 0; k < count; ++k) {
    const double first = difference(value, count, k)(0);
    expect(std::abs(first - slopes(k)) / (1.0 + std::abs(first)), 1e-7, name + ": slope");
    const Vector second = difference(gradient, count, k);
    expect((second - hessian.col(k)).norm() / (1.0 + second.norm()), 1e-7, name + ": hessian");
  }
}

void check(const std::string& name, const Data& data) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> weights;
  for (std::size_t i = 0; i < data.y.size(); ++i) weights.push_back(std::exp(0.3 * normal(random)));
  ranef::RowsView weighted = data.view();
  weighted.weights = weights.data();
  const Data third = thinned(data);
  const ranef::Arranged arranged = ranef::arrange(ranef::cross_products(data.view()));
  const Numbers other = ranef::arrange_numbers(*arranged, ranef::cross_products(weighted));
  const Numbers part = ranef::arrange_numbers(*arranged, ranef::cross_products(third.view()));
  const Numbers any = any_change(random, arranged);

  std::vector<Matrix> d;
  std::vector<Change> changes;
  for (std::size_t g = 0; g < data.widths.size(); ++g) {
    const int q = data.widths[g];
    Matrix root = 0.5 * Matrix::Identity(q, q);
    for (int a = 1; a < q; ++a) root(a, 0) = 0.1 + 0.05 * a;
    d.push_back(root * root.transpose());
    Matrix e(q, q);
    for (double& value : e.reshaped()) value = 0.1 * normal(random);
    changes.emplace_back(ranef::Direction{static_cast<int>(g), e + e.transpose()});
  }
  changes.emplace_back(&other);
  changes.emplace_back(&part);
  changes.emplace_back(&any);

  // Weights add up: A is that of rows whose weights are the sum.
  std::vector<double> sum(weights.size());
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] = 0.5 + 2.0 * weights[i] + (i % 3 == 0 ? 0.7 : 0.0);
  }
  ranef::RowsView summed = data.view();
  summed.weights = sum.data();
  const ranef::Arranged direct = ranef::arrange(ranef::cross_products(summed));
  ranef::Arranged combined = arranged;
  const Vector c = (Vector(3) << 0.5, 2.0, 0.7).finished();
  ranef::combine(c, {&arranged.numbers, &other, &part}, combined.numbers);
  combined.numbers.sum_log_weights = direct.numbers.sum_log_weights;
  std::vector<Matrix> lambda;
  for (const Matrix& one : d) lambda.push_back(root(one));
  ranef::Criterion right(direct, true);
  ranef::Criterion found(combined, true);
  right.evaluate(lambda);
  found.evaluate(lambda);
  expect(std::abs(right.value() - found.value()), 1e-8, name + ": sums of matrices");

  for (const bool reml : {false, true}) {
    for (const bool fixed_sigma : {false, true}) {
      const std::string what = name + (reml ? ", REML" : ", ML") + (fixed_sigma ? ", sigma" : "");
      check(what, arranged, d, changes, reml, fixed_sigma);
      // A variance that is zero: D stays where it is.
      std::vector<Matrix> singular = d;
      for (Matrix& one : singular) one.row(one.rows() - 1).setZero();
      for (Matrix& one : singular) one.col(one.rows() - 1).setZero();
      const std::vector<Change> of_a(changes.begin() + static_cast<Index>(d.size()), changes.end());
      check(what + ", singular", arranged, singular, of_a, reml, fixed_sigma);
    }
  }
}

// Whether cross-products are refused on the pattern of others.
bool refused(const Data& pattern, const Data& data) {
  const ranef::Arranged arranged = ranef::arrange(ranef::cross_products(pattern.view()));
  try {
    ranef::arrange_numbers(*arranged, ranef::cross_products(data.view()));
  } catch (const std::invalid_argument&) {
    return true;
  }
  return false;
}

void check_refusals() {
  const Data crossed = make({30, 25}, {1, 1}, {false, false}, 120);
  const Data two = make({14, 9, 8}, {1, 1, 1}, {false, false, false}, 40);
  const Data nested = make({15, 4}, {1, 1}, {false, true}, 120);
  const Data other_parents = make({15, 4}, {1, 1}, {false, false}, 120);
  expect(refused(crossed, crossed) ? 1.0 : 0.0, 0.5, "its own pattern");
  expect(refused(thinned(crossed), crossed) ? 0.0 : 1.0, 0.5, "levels that do not meet");
  expect(refused(thinned(two), two) ? 0.0 : 1.0, 0.5, "levels of the tail that do not meet");
  expect(refused(nested, other_parents) ? 0.0 : 1.0, 0.5, "another parent");
  expect(refused(nested, make({16, 4}, {1, 1}, {false, true}, 120)) ? 0.0 : 1.0, 0.5, "levels");
  expect(refused(nested, make({15, 4}, {1, 2}, {false, true}, 120)) ? 0.0 : 1.0, 0.5, "columns");
}

}  // namespace

int main() {
  check_refusals();
  check("one factor", make({12}, {1}, {false}, 90));
  check("three slopes", make({9}, {3}, {false}, 150));
  check("nested", make({15, 4}, {2, 1}, {false, true}, 120));
  check("nested thrice", make({20, 8, 3}, {1, 2, 1}, {false, true, true}, 150));
  check("crossed", make({11, 6}, {1, 1}, {false, false}, 120));
  check("crossed slopes", make({11, 6}, {2, 2}, {false, false}, 150));
  check("wide", make({30, 20}, {3, 3}, {false, false}, 1500));
  check("nested and wide", make({40, 10, 20}, {2, 2, 3}, {false, true, false}, 1500));
  check("two in the tail", make({14, 6, 5}, {1, 2, 1}, {false, false, false}, 150));
  check("nested and crossed", make({14, 5, 4}, {1, 2, 1}, {false, true, false}, 150));
  if (failures == 0) std::printf("slopes: all as expected\n");
  return failures == 0 ? 0 : 1;
}
