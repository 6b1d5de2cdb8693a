#include "marginal/second_rows.hpp"

#include <algorithm>

#include "linalg/parallel.hpp"

namespace ranef {

SecondRows::SecondRows(const WorkingRows& rows, const Effects& b, const PatternBlocks& p,
                       const Effects& y)
    : rows_(rows),
      map_(rows.map()),
      fixed_(static_cast<Index>(map_.fixed().size())),
      channels_(rows.channels()),
      psi_(at(channels_)),
      psi2_(channels_ == 2 ? 3 : at(channels_)) {
  const std::size_t n = at(map_.n());
  for (HugeVector* own : {&d2_, &d3_, &d4_, &lev_, &r_, &change_, &work_}) own->resize(n);
  for (auto& own : psi_) {
    for (HugeVector& numbers : own) numbers.resize(n);
  }
  for (auto& own : psi2_) {
    for (HugeVector& numbers : own) numbers.resize(n);
  }
  rows_.for_runs([&](std::size_t, const RowRun& run) {
    RowBuffer buffer;
    WorkingRows::for_chunks(run, [&](RowRange part) {
      rows_.derivatives(b, part, RowOrder::kHessian, buffer);
      const auto keep = [&](const RowBuffer::Rows& from, HugeVector& to) {
        std::copy_n(from.data(), part.size(), to.data() + part.from);
      };
      keep(buffer.d[2], d2_);
      keep(buffer.d[3], d3_);
      keep(buffer.d[4], d4_);
      for (std::size_t c = 0; c < psi_.size(); ++c) {
        for (std::size_t k = 0; k < 3; ++k) keep(buffer.psi[c][k + 1], psi_[c][k]);
      }
      for (std::size_t c = 0; c < psi2_.size(); ++c) {
        for (std::size_t k = 0; k < 3; ++k) keep(buffer.psi2[c][k], psi2_[c][k]);
      }
      rows_.forms(p, part, lev_.data() + part.from);
      std::fill_n(r_.data() + part.from, part.size(), 0.0);
      rows_.add_random(y, part, r_.data() + part.from);
    });
  });
}

Effects SecondRows::right_hand_sides() const {
  const auto count = static_cast<int>(rows_.coefficients());
  Effects out = zero_effects(map_.pattern(), count);
  const auto sum = [&](int group, RowRange part) {
    RowBuffer buffer;
    for (Index k = 0; k < count; ++k) {
      double* v = buffer.work.data();
      rows_.fixed_change(k, part, v);
      for (Index i = 0; i < part.size(); ++i) v[i] *= d2_[at(part.from + i)];
      for (int c = 0; c < channels_; ++c) {
        rows_.channel_change(c, k, part, buffer.eta.data());
        const double* cross = psi_[at(c)][0].data() + part.from;
        for (Index i = 0; i < part.size(); ++i) v[i] += cross[i] * buffer.eta[at(i)];
      }
      const Index q = map_.groups()[at(group)].q;
      add_to_levels(map_, group, part, v, {q * count, q * k}, out[at(group)].data());
    }
  };
  if (rows_.first_group() >= 0) {
    rows_.for_runs([&](std::size_t, const RowRun& run) {
      WorkingRows::for_chunks(run, [&](RowRange part) { sum(rows_.first_group(), part); });
    });
  }
  run_tasks(map_.pattern().n_groups, rows_.threads(), [&](Index group) {
    if (static_cast<int>(group) == rows_.first_group()) return;
    WorkingRows::for_chunks({0, map_.n(), 0, 0},
                            [&](RowRange part) { sum(static_cast<int>(group), part); });
  });
  return out;
}

void SecondRows::begin(Index k, const Effects& b, Numbers& a) {
  coefficient_ = k;
  rows_.for_runs([&](std::size_t, const RowRun& run) {
    RowBuffer buffer;
    rows_.clear_run(run, &a, nullptr);
    WorkingRows::for_chunks(run, [&](RowRange part) {
      double* n = change_.data() + part.from;
      rows_.fixed_change(k, part, n);
      rows_.add_random(b, part, n);
      double* w = work_.data() + part.from;
      for (Index i = 0; i < part.size(); ++i) w[i] = -d3_[at(part.from + i)] * n[i];
      for (int c = 0; c < channels_; ++c) {
        rows_.channel_change(c, k, part, buffer.eta.data());
        const double* cross = psi_[at(c)][1].data() + part.from;
        for (Index i = 0; i < part.size(); ++i) w[i] -= cross[i] * buffer.eta[at(i)];
      }
      rows_.run_blocks(part, w, a);
    });
  });
  if (!rows_.lone()) rows_.other_blocks(work_.data(), a);
}

RowProducts SecondRows::products(const PatternBlocks* dp) {
  RowProducts out;
  out.effects = zero_effects(map_.pattern(), 1);
  std::vector<Vector> parts(map_.runs().size());
  const Index count = rows_.coefficients();
  rows_.for_runs([&](std::size_t run_number, const RowRun& run) {
    RowBuffer buffer;
    Vector& sums = parts[run_number];
    sums = Vector::Zero(count);
    WorkingRows::for_chunks(run, [&](RowRange part) {
      const Index size = part.size();
      const auto here = [&](const HugeVector& numbers) { return numbers.data() + part.from; };
      const double* n = here(change_);
      const double* d2 = here(d2_);
      const double* d3 = here(d3_);
      const double* d4 = here(d4_);
      const double* lev = here(lev_);
      const double* r = here(r_);
      double* pd = buffer.level.data();
      if (dp != nullptr) {
        rows_.forms(*dp, part, pd);
      } else {
        std::fill_n(pd, size, 0.0);
      }
      double* omega = work_.data() + part.from;
      double* g = buffer.eta.data();
      for (Index i = 0; i < size; ++i) {
        omega[i] = n[i] * (r[i] * d3[i] - lev[i] * d4[i]) - d3[i] * pd[i];
        g[i] = d2[i] * n[i];
      }
      for (int c = 0; c < channels_; ++c) {
        const auto& cross = psi_[at(c)];
        const double* p1 = here(cross[0]);
        const double* p2 = here(cross[1]);
        const double* p3 = here(cross[2]);
        double* change = buffer.d[at(c)].data();
        double* zeta = buffer.d[at(kMostChannels + c)].data();
        rows_.channel_change(c, coefficient_, part, change);
        for (Index i = 0; i < size; ++i) {
          omega[i] += change[i] * (r[i] * p2[i] - lev[i] * p3[i]);
          g[i] += p1[i] * change[i];
          zeta[i] = n[i] * (r[i] * p2[i] - lev[i] * p3[i] - 2.0 * p1[i]) - p2[i] * pd[i];
        }
      }
      for (int c = 0; c < channels_; ++c) {
        double* zeta = buffer.d[at(kMostChannels + c)].data();
        for (int d = 0; d < channels_; ++d) {
          const auto& both = psi2_[at(c + d)];
          const double* p0 = here(both[0]);
          const double* p1 = here(both[1]);
          const double* p2 = here(both[2]);
          const double* change = buffer.d[at(d)].data();
          for (Index i = 0; i < size; ++i) {
            zeta[i] += change[i] * (r[i] * p1[i] - lev[i] * p2[i] - 2.0 * p0[i]);
          }
        }
        rows_.add_channel(c, part, zeta, sums.data() + fixed_);
      }
      rows_.run_scores(part, omega, out.effects);
      for (Index i = 0; i < size; ++i) g[i] = omega[i] - 2.0 * g[i];
      rows_.add_fixed(part, g, sums.data());
    });
  });
  out.coefficients = Vector::Zero(count);
  for (const Vector& part : parts) out.coefficients += part;
  if (!rows_.lone()) rows_.other_scores(work_.data(), out.effects);
  return out;
}

}  // namespace ranef
