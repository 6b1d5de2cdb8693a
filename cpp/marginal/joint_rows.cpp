#include "marginal/joint_rows.hpp"

#include <algorithm>
#include <cmath>

namespace ranef {

namespace {

// out = w x.
void weigh(const double* w, const double* x, Index n, double* out) {
  for (Index i = 0; i < n; ++i) out[i] = w[i] * x[i];
}

}  // namespace

JointRows::JointRows(const WorkingRows& rows) : rows_(rows) {
  g_.resize(at(rows.map().n()));
  w_.resize(at(rows.map().n()));
}

template <class Predict>
bool JointRows::look_at(Predict predict, RowWeights weights) {
  ++looks_;
  struct Part {
    double l = 0.0, check = 0.0;
  };
  std::vector<Part> parts(rows_.runs().size());
  rows_.for_runs([&](std::size_t k, const RowRun& run) {
    RowBuffer buffer;
    WorkingRows::for_chunks(run, [&](RowRange rows) {
      const Index n = rows.size();
      predict(rows, buffer.eta.data());
      const FamilyRows own = rows_.family_rows(rows, buffer.eta.data());
      RowDerivatives out;
      double* g = g_.data() + rows.from;
      double* w = w_.data() + rows.from;
      out.eta = {buffer.d[0].data(), g, buffer.d[2].data()};
      rows_.family().derivatives(own, RowOrder::kPass, out);
      double* bend = buffer.d[2].data();
      if (weights == RowWeights::kLarger) rows_.family().expected(own, w);
      for (Index i = 0; i < n; ++i) {
        const double least = weights == RowWeights::kLarger ? w[i] : 0.0;
        parts[k].check += bend[i] + least;
        w[i] = std::max(-bend[i], least);
      }
      parts[k].l += total(buffer.d[0].data(), n);
      parts[k].check += total(g, n);
    });
  });
  double check = 0.0;
  log_density_ = 0.0;
  for (const Part& part : parts) {
    log_density_ += part.l;
    check += part.check;
  }
  return std::isfinite(log_density_ + check);
}

bool JointRows::look(const Effects& b, RowWeights weights) {
  return look_at([&](RowRange rows, double* eta) { rows_.predict(b, rows, eta); }, weights);
}

bool JointRows::look(const double* eta, RowWeights weights) {
  return look_at(
      [&](RowRange rows, double* out) { std::copy_n(eta + rows.from, rows.size(), out); }, weights);
}

void JointRows::sum(JointSums& sums, Numbers& a) const {
  const Pattern& pattern = rows_.map().pattern();
  const std::size_t runs = rows_.runs().size();
  std::vector<Vector> scores(runs);
  std::vector<Matrix> fixed(runs);
  const int first = rows_.first_group();
  sums.scores = zero_effects(pattern, 1);
  sums.cross = zero_effects(pattern, static_cast<int>(columns()));
  rows_.for_runs([&](std::size_t k, const RowRun& run) {
    scores[k] = Vector::Zero(columns());
    fixed[k] = Matrix::Zero(columns(), columns());
    rows_.clear_run(run, &a, nullptr);
    WorkingRows::for_chunks(run, [&](RowRange rows) {
      rows_.run_scores(rows, g_.data() + rows.from, sums.scores);
      rows_.run_blocks(rows, w_.data() + rows.from, a);
      if (first >= 0) add_cross(first, rows, sums.cross);
      add_fixed(rows, scores[k], fixed[k]);
    });
  });
  if (!rows_.lone()) {
    rows_.other_scores(g_.data(), sums.scores);
    rows_.other_blocks(w_.data(), a);
    run_tasks(pattern.n_groups, rows_.threads(), [&](Index group) {
      if (static_cast<int>(group) == first) return;
      WorkingRows::for_chunks({0, rows_.map().n(), 0, 0}, [&](RowRange rows) {
        add_cross(static_cast<int>(group), rows, sums.cross);
      });
    });
  }
  sums.fixed_scores = Vector::Zero(columns());
  sums.fixed = Matrix::Zero(columns(), columns());
  for (std::size_t k = 0; k < runs; ++k) {
    sums.fixed_scores += scores[k];
    sums.fixed += fixed[k];
  }
  mirror_lower(sums.fixed);
}

void JointRows::add_cross(int group, RowRange rows, Effects& cross) const {
  const Index q = rows_.map().groups()[at(group)].q;
  RowBuffer::Rows work;
  for (Index k = 0; k < columns(); ++k) {
    weigh(w_.data() + rows.from, rows_.map().fixed()[at(k)].from(rows.from), rows.size(),
          work.data());
    add_to_levels(rows_.map(), group, rows, work.data(), {q * columns(), q * k},
                  cross[at(group)].data());
  }
}

// The lower triangle of X'WX.
void JointRows::add_fixed(RowRange rows, Vector& scores, Matrix& fixed) const {
  const std::vector<SortedColumn>& x = rows_.map().fixed();
  RowBuffer::Rows work;
  for (Index k = 0; k < columns(); ++k) {
    const double* own = x[at(k)].from(rows.from);
    scores(k) += dot(own, g_.data() + rows.from, rows.size());
    weigh(w_.data() + rows.from, own, rows.size(), work.data());
    for (Index l = k; l < columns(); ++l) {
      fixed(l, k) += dot(x[at(l)].from(rows.from), work.data(), rows.size());
    }
  }
}

Vector JointRows::fixed_sums(const double* v, Matrix& fixed) const {
  Vector out = Vector::Zero(columns());
  Vector scores = out;
  fixed = Matrix::Zero(columns(), columns());
  RowBuffer::Rows work;
  for (const RowRun& run : rows_.runs()) {
    WorkingRows::for_chunks(run, [&](RowRange rows) {
      add_fixed(rows, scores, fixed);
      weigh(w_.data() + rows.from, v + rows.from, rows.size(), work.data());
      for (Index k = 0; k < columns(); ++k) {
        out(k) += dot(rows_.map().fixed()[at(k)].from(rows.from), work.data(), rows.size());
      }
    });
  }
  mirror_lower(fixed);
  return out;
}

double JointRows::mean_weight() const {
  double sum = 0.0;
  for (const RowRun& run : rows_.runs()) {
    sum += total(w_.data() + run.first_row, run.last_row - run.first_row);
  }
  return sum / static_cast<double>(rows_.map().n());
}

double JointRows::spread() const {
  double sum = 0.0;
  double count = 0.0;
  for (const RowRun& run : rows_.runs()) {
    for (std::size_t i = at(run.first_row); i < at(run.last_row); ++i) {
      if (!(w_[i] > 0.0)) continue;
      const double residual = g_[i] / w_[i];
      sum += residual * residual;
      count += 1.0;
    }
  }
  return count > 0.0 ? std::sqrt(sum / count) : 0.0;
}

}  // namespace ranef
