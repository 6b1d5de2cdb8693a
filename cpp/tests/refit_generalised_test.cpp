// Refits of generalised models over threads, for the thread sanitizer: the same numbers on one
// thread and on two, an end when asked to stop, and what rows the replicates have.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "family/family.hpp"
#include "marginal/laplace.hpp"
#include "replicate/refit_generalised.hpp"

namespace {

using ranef::Index;
using ranef::Matrix;
using ranef::Vector;

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s\n", what.c_str());
}

// Counts of 20 groups of 6 rows, not in the order of the groups.
struct Data {
  std::vector<std::int32_t> codes;
  std::vector<double> x, y, offset;

  Data() {
    for (int i = 0; i < 120; ++i) {
      codes.push_back(i % 20);
      x.push_back(std::sin(1.7 * i));
      offset.push_back(0.1 * (i % 3));
      y.push_back(std::floor(2.5 + 2.0 * std::sin(codes.back()) + x.back()));
      if (y.back() < 0.0) y.back() = 0.0;
    }
  }

  ranef::GeneralisedRows rows() const {
    ranef::GeneralisedRows out;
    out.rows.n = static_cast<Index>(y.size());
    out.rows.groups.push_back({codes.data(), 20, {{nullptr}}});
    out.rows.fixed = {{nullptr}, {x.data()}};
    out.rows.response = {y.data()};
    out.offset = offset.data();
    return out;
  }
};

bool same(const Matrix& a, const Matrix& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), sizeof(double) * static_cast<std::size_t>(a.size())) == 0;
}

class AlwaysTheFirst : public ranef::RowReplicates {
 public:
  explicit AlwaysTheFirst(const ranef::RowReplicates& replicates) : replicates_(replicates) {}
  ranef::GeneralisedRows make(Index, ranef::RowSpace& space) const override {
    return replicates_.make(0, space);
  }

 private:
  const ranef::RowReplicates& replicates_;
};

void check(const std::string& name, const ranef::RowReplicates& replicates, Index count,
           const ranef::RefittedModel& model) {
  ranef::GeneralisedRefitControl control;
  control.start = Vector::Constant(3, 0.4);
  control.again = Vector::Constant(3, 0.1);
  ranef::GeneralisedRefits one;
  ranef::GeneralisedRefits two;
  expect(ranef::refit_generalised(replicates, count, model, control, {}, one), name + ": runs");
  control.threads = 2;
  expect(ranef::refit_generalised(replicates, count, model, control, {}, two),
         name + ": runs on two threads");
  expect(same(one.theta, two.theta) && same(one.coefficients, two.coefficients) &&
             same(one.covariances, two.covariances) && same(one.criterion, two.criterion) &&
             same(one.gain, two.gain) && one.status == two.status && one.rank == two.rank &&
             one.evaluations == two.evaluations,
         name + ": the same on two threads");
  for (Index k = 0; k < count; ++k) {
    expect(one.status[ranef::at(k)] == ranef::OptimiseStatus::kConverged && one.gain(k) < 1e-6 &&
               one.step(k) < 1e-3,
           name + ": at an optimum");
    expect(std::abs(one.covariances(0, k) - one.theta(0, k) * one.theta(0, k)) < 1e-12,
           name + ": covariances are squares of theta");
  }
  const auto stop = [](Index) { return false; };
  ranef::GeneralisedRefits none;
  const AlwaysTheFirst endless(replicates);
  expect(!ranef::refit_generalised(endless, 1000000, model, control, stop, none),
         name + ": stops when asked to");
}

// The rows of drawn levels: each level as often as it was drawn, with its own numbers.
void check_drawn(const Data& data, const ranef::GeneralisedRows& rows) {
  const ranef::DrawnLevels drawn(rows, 7, 3);
  ranef::RowSpace space;
  const ranef::GeneralisedRows made = drawn.make(2, space);
  const std::vector<Index> levels = ranef::drawn_levels(7, 5, 20);
  expect(made.rows.n == 120, "six rows a level");
  bool fine = true;
  for (Index i = 0; i < made.rows.n; ++i) {
    const auto level = made.rows.groups[0].codes[i];
    const Index from = levels[ranef::at(level)] + 20 * (i % 6);
    fine = fine && level == i / 6 && made.rows.response.values[i] == data.y[ranef::at(from)] &&
           made.rows.fixed[1].values[i] == data.x[ranef::at(from)] &&
           made.offset[i] == data.offset[ranef::at(from)];
  }
  expect(fine, "rows of the levels that were drawn");
}

// The cut points of ordered answers follow the response.
void check_ordered() {
  const std::vector<std::int32_t> nothing(4, -1);
  ranef::GeneralisedRows rows;
  rows.rows.n = 4;
  rows.channels.resize(2);
  for (ranef::Channel& channel : rows.channels) channel.which = nothing.data();
  rows.others = 2;
  Matrix answers(4, 1);
  answers << 1.0, 3.0, 2.0, 3.0;
  ranef::RowSpace space;
  const ranef::GeneralisedRows made = ranef::OtherResponses(rows, answers, true).make(0, space);
  const std::vector<std::int32_t> above{0, -1, 1, -1};
  const std::vector<std::int32_t> below{-1, 1, 0, 1};
  for (std::size_t i = 0; i < 4; ++i) {
    expect(made.channels[0].which[i] == above[i] && made.channels[1].which[i] == below[i],
           "cut points of an answer");
  }
}

}  // namespace

int main() {
  const Data data;
  const ranef::GeneralisedRows rows = data.rows();
  const std::unique_ptr<ranef::Family> poisson = ranef::make_family("poisson", "log");
  const ranef::Chart chart({{0, 0, 1}}, {1}, 2);
  const ranef::RefittedModel model{
      [&](const ranef::GeneralisedRows& of) { return ranef::make_laplace(of, *poisson, 1); },
      {},
      {},
      chart,
      {Matrix::Identity(1, 1)},
      {}};
  Matrix responses(120, 12);
  for (Index k = 0; k < responses.cols(); ++k) {
    for (Index i = 0; i < responses.rows(); ++i) {
      responses(i, k) = data.y[ranef::at((i + 7 * k) % 120)];
    }
  }
  check("other responses", ranef::OtherResponses(rows, responses, false), 12, model);
  check("drawn levels", ranef::DrawnLevels(rows, 1, 0), 12, model);
  check_drawn(data, rows);
  check_ordered();
  std::printf(failures == 0 ? "generalised refits: fine\n" : "generalised refits: %d failures\n",
              failures);
  return failures == 0 ? 0 : 1;
}
