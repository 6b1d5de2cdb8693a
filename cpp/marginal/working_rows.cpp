#include "marginal/working_rows.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/parallel.hpp"

namespace ranef {

WorkingRows::WorkingRows(const RowMap& map, const Family& family, int threads)
    : map_(map), family_(family), threads_(threads) {
  base_.resize(at(map.n()));
  psi_.resize(map.channels().size());
  cross_.resize(map.channels().size());
  for (HugeVector& psi : psi_) psi.resize(at(map.n()));
  if (!lone()) {
    g_.resize(at(map.n()));
    w_.resize(at(map.n()));
  }
}

void WorkingRows::set_coefficients(const Vector& coefficients) {
  const auto p = static_cast<Index>(map_.fixed().size());
  const auto add_column = [](const SortedColumn& column, RowRange rows, double value, double* to) {
    const double* from = column.from(rows.from);
    for (Index i = 0; i < rows.size(); ++i) to[i] += value * from[i];
  };
  for_runs([&](std::size_t, const RowRun& run) {
    for_chunks(run, [&](RowRange rows) {
      double* base = base_.data() + rows.from;
      if (map_.offset() != nullptr) {
        std::copy_n(map_.offset() + rows.from, rows.size(), base);
      } else {
        std::fill_n(base, rows.size(), 0.0);
      }
      for (Index k = 0; k < p; ++k) {
        add_column(map_.fixed()[at(k)], rows, coefficients(k), base);
      }
      for (std::size_t c = 0; c < psi_.size(); ++c) {
        const SortedChannel& channel = map_.channels()[c];
        double* psi = psi_[c].data() + rows.from;
        std::fill_n(psi, rows.size(), 0.0);
        if (channel.which != nullptr) {
          for (Index i = 0; i < rows.size(); ++i) {
            const std::int32_t which = channel.which[rows.from + i];
            if (which >= 0) psi[i] = coefficients(p + which);
          }
          continue;
        }
        for (std::size_t k = 0; k < channel.columns.size(); ++k) {
          add_column(channel.columns[k], rows, coefficients(p + channel.coefficients[k]), psi);
        }
      }
    });
  });
}

FamilyRows WorkingRows::family_rows(RowRange rows, const double* eta) const {
  FamilyRows out;
  out.n = rows.size();
  out.eta = eta;
  for (std::size_t c = 0; c < psi_.size(); ++c) out.psi[c] = psi_[c].data() + rows.from;
  out.y = map_.response().from(rows.from);
  if (map_.weights() != nullptr) out.weights = map_.weights() + rows.from;
  return out;
}

void WorkingRows::predict(const Effects& b, RowRange rows, double* eta) const {
  std::copy_n(base_.data() + rows.from, rows.size(), eta);
  add_random(b, rows, eta);
}

void WorkingRows::add_random(const Effects& b, RowRange rows, double* out) const {
  for (std::size_t g = 0; g < map_.groups().size(); ++g) {
    add_effects(map_, static_cast<int>(g), rows, b[g].data(), out);
  }
}

void WorkingRows::derivatives(const Effects& b, RowRange rows, RowOrder order, RowBuffer& buffer,
                              bool with_density) const {
  predict(b, rows, buffer.eta.data());
  RowDerivatives out;
  const auto count = static_cast<std::size_t>(order);
  for (std::size_t k = with_density ? 0 : 1; k <= count; ++k) out.eta[k] = buffer.d[k].data();
  const auto channels_here = at(channels());
  if (order != RowOrder::kPass) {
    for (std::size_t c = 0; c < channels_here; ++c) {
      for (std::size_t k = 0; k < count; ++k) out.psi[c][k] = buffer.psi[c][k].data();
    }
  }
  if (order == RowOrder::kHessian && channels_here > 0) {
    for (std::size_t c = 0; c < 3; ++c) {
      if (channels_here == 1 && c > 0) break;
      for (std::size_t k = 0; k < 3; ++k) out.psi2[c][k] = buffer.psi2[c][k].data();
    }
  }
  family_.derivatives(family_rows(rows, buffer.eta.data()), order, out);
}

void WorkingRows::clear_run(const RowRun& run, Numbers* a, Effects* scores) const {
  if (map_.pattern().chain.empty()) return;
  const Stage& stage = map_.pattern().chain[0];
  const auto clear = [&](double* from, Index unit) {
    std::fill(from + run.first_level * unit, from + run.last_level * unit, 0.0);
  };
  if (scores != nullptr) clear((*scores)[at(stage.group)].data(), stage.q);
  if (a == nullptr) return;
  clear(a->chain[0].diagonal.data(), Index{stage.q} * stage.q);
  if (!lone()) {
    double* rest = a->chain[0].rest.data();
    std::fill(rest + stage.rest_start[at(run.first_level)] * stage.q,
              rest + stage.rest_start[at(run.last_level)] * stage.q, 0.0);
  }
}

void WorkingRows::run_scores(RowRange rows, const double* v, Effects& out) const {
  const int g = first_group();
  if (g >= 0) add_to_levels(map_, g, rows, v, out[at(g)].data());
}

void WorkingRows::run_blocks(RowRange rows, const double* w, Numbers& a) const {
  const int g = first_group();
  if (g < 0) return;
  add_squares(map_, g, rows, w, a.chain[0].diagonal.data());
  for (const SortedPair& pair : map_.pairs()) {
    if (pair.early == g) add_pairs(map_, pair, rows, w, a.chain[0].rest.data());
  }
}

void WorkingRows::other_scores(const double* v, Effects& out) const {
  std::vector<int> groups;
  for (int g = 0; g < map_.pattern().n_groups; ++g) {
    if (g != first_group()) groups.push_back(g);
  }
  run_tasks(static_cast<Index>(groups.size()), threads_, [&](Index k) {
    std::vector<double>& to = out[at(groups[at(k)])];
    std::fill(to.begin(), to.end(), 0.0);
    add_to_levels(map_, groups[at(k)], {0, map_.n()}, v, to.data());
  });
}

void WorkingRows::other_blocks(const double* w, Numbers& a) const {
  const RowRange all{0, map_.n()};
  for (std::size_t i = 1; i < a.chain.size(); ++i) {
    std::fill(a.chain[i].rest.begin(), a.chain[i].rest.end(), 0.0);
  }
  const std::size_t groups = map_.groups().size();
  run_tasks(static_cast<Index>(groups + map_.pairs().size()), threads_, [&](Index task) {
    const std::size_t k = at(task);
    if (k < groups) {
      const SortedGroup& group = map_.groups()[k];
      if (static_cast<int>(k) == first_group()) return;
      HugeVector& to = group.in_tail ? a.tail[group.place] : a.chain[group.place].diagonal;
      std::fill(to.begin(), to.end(), 0.0);
      add_squares(map_, static_cast<int>(k), all, w, to.data());
      return;
    }
    const SortedPair& pair = map_.pairs()[k - groups];
    if (pair.early == first_group()) return;
    if (pair.in_tail) {
      std::vector<double>& to = a.tail_pairs[pair.place];
      std::fill(to.begin(), to.end(), 0.0);
      add_pairs(map_, pair, all, w, to.data());
    } else {
      add_pairs(map_, pair, all, w, a.chain[pair.place].rest.data());
    }
  });
}

void WorkingRows::forms(const PatternBlocks& p, RowRange rows, double* out) const {
  std::fill_n(out, rows.size(), 0.0);
  for (std::size_t g = 0; g < map_.groups().size(); ++g) {
    const SortedGroup& group = map_.groups()[g];
    const double* blocks = group.in_tail ? p.tail[group.place].data() : p.diagonal[group.place];
    add_forms(map_, static_cast<int>(g), rows, blocks, out);
  }
  for (const SortedPair& pair : map_.pairs()) {
    const double* blocks = pair.in_tail ? p.tail_pairs[pair.place].data() : p.rest[pair.place];
    add_pair_forms(map_, pair, rows, blocks, out);
  }
}

void WorkingRows::add_fixed(RowRange rows, const double* v, double* out) const {
  for (std::size_t k = 0; k < map_.fixed().size(); ++k) {
    out[k] += dot(map_.fixed()[k].from(rows.from), v, rows.size());
  }
}

void WorkingRows::add_channel(int channel, RowRange rows, const double* v, double* out) const {
  const SortedChannel& own = map_.channels()[at(channel)];
  if (own.which != nullptr) {
    for (Index i = 0; i < rows.size(); ++i) {
      const std::int32_t which = own.which[rows.from + i];
      if (which >= 0) out[which] += v[i];
    }
    return;
  }
  for (std::size_t k = 0; k < own.columns.size(); ++k) {
    out[own.coefficients[k]] += dot(own.columns[k].from(rows.from), v, rows.size());
  }
}

void WorkingRows::fixed_change(Index k, RowRange rows, double* out) const {
  if (k >= 0 && k < static_cast<Index>(map_.fixed().size())) {
    std::copy_n(map_.fixed()[at(k)].from(rows.from), rows.size(), out);
  } else {
    std::fill_n(out, rows.size(), 0.0);
  }
}

bool WorkingRows::channel_change(int channel, Index k, RowRange rows, double* out) const {
  std::fill_n(out, rows.size(), 0.0);
  const SortedChannel& own = map_.channels()[at(channel)];
  const auto wanted = static_cast<int>(k) - static_cast<int>(map_.fixed().size());
  if (wanted < 0) return false;
  if (own.which != nullptr) {
    for (Index i = 0; i < rows.size(); ++i) out[i] = own.which[rows.from + i] == wanted ? 1.0 : 0.0;
    return true;
  }
  bool moves = false;
  for (std::size_t c = 0; c < own.columns.size(); ++c) {
    if (own.coefficients[c] != wanted) continue;
    const double* column = own.columns[c].from(rows.from);
    for (Index i = 0; i < rows.size(); ++i) out[i] += column[i];
    moves = true;
  }
  return moves;
}

bool WorkingRows::pass(const Effects& b, PassSums& sums, Numbers& a) {
  struct Part {
    double l = 0.0, size = 0.0, check = 0.0;
  };
  std::vector<Part> parts(map_.runs().size());
  sums.scores.resize(at(map_.pattern().n_groups));
  for (std::size_t g = 0; g < sums.scores.size(); ++g) {
    sums.scores[g].resize(at(map_.groups()[g].n_levels) * at(map_.groups()[g].q));
  }
  const bool by_level = lone() && first_group() >= 0;
  if (by_level) sums.by_level.assign(at(map_.groups()[0].n_levels), 0.0);
  for_runs([&](std::size_t k, const RowRun& run) {
    RowBuffer buffer;
    Part& part = parts[k];
    clear_run(run, &a, &sums.scores);
    for_chunks(run, [&](RowRange rows) {
      derivatives(b, rows, RowOrder::kPass, buffer, true);
      const Index n = rows.size();
      double* w = lone() ? buffer.work.data() : w_.data() + rows.from;
      const double* g = buffer.d[1].data();
      double* all = buffer.level.data();
      double* size = buffer.eta.data();
      for (Index i = 0; i < n; ++i) {
        w[i] = -buffer.d[2][at(i)];
        all[i] = g[i] + w[i];
        size[i] = std::abs(buffer.d[0][at(i)]);
      }
      part.l += total(buffer.d[0].data(), n);
      part.size += total(size, n);
      part.check += total(all, n);
      run_scores(rows, g, sums.scores);
      run_blocks(rows, w, a);
      if (by_level) add_by_level(map_, rows, buffer.d[0].data(), sums.by_level.data());
      if (!lone()) std::copy_n(g, n, g_.data() + rows.from);
    });
  });
  double check = 0.0;
  sums.log_density = 0.0;
  sums.magnitude = 0.0;
  for (const Part& part : parts) {
    sums.log_density += part.l;
    sums.magnitude += part.size;
    check += part.check;
  }
  if (!std::isfinite(sums.log_density + check)) return false;
  if (!lone()) {
    other_scores(g_.data(), sums.scores);
    other_blocks(w_.data(), a);
  }
  return true;
}

bool WorkingRows::expected_pass(const Effects& b, Numbers& a) {
  std::vector<double> checks(map_.runs().size(), 0.0);
  for_runs([&](std::size_t k, const RowRun& run) {
    RowBuffer buffer;
    clear_run(run, &a, nullptr);
    for_chunks(run, [&](RowRange rows) {
      predict(b, rows, buffer.eta.data());
      double* w = lone() ? buffer.work.data() : w_.data() + rows.from;
      family_.expected(family_rows(rows, buffer.eta.data()), w);
      checks[k] += total(w, rows.size());
      run_blocks(rows, w, a);
    });
  });
  double check = 0.0;
  for (const double part : checks) check += part;
  if (!std::isfinite(check)) return false;
  if (!lone()) other_blocks(w_.data(), a);
  return true;
}

void WorkingRows::gradient_pass(const Effects& b, const PatternBlocks& p, Effects& z_a) {
  const auto others = static_cast<Index>(map_.others());
  const Index p_fixed = static_cast<Index>(map_.fixed().size());
  std::vector<Vector> parts(map_.runs().size());
  slope_.resize(at(map_.n()));
  curvature_.resize(at(map_.n()));
  for (HugeVector& cross : cross_) cross.resize(at(map_.n()));
  z_a = zero_effects(map_.pattern(), 1);
  for_runs([&](std::size_t k, const RowRun& run) {
    RowBuffer buffer;
    parts[k] = Vector::Zero(p_fixed + others);
    for_chunks(run, [&](RowRange rows) {
      derivatives(b, rows, RowOrder::kGradient, buffer);
      const Index n = rows.size();
      double* lev = buffer.level.data();
      forms(p, rows, lev);
      double* a = lone() ? buffer.work.data() : g_.data() + rows.from;
      double* slope = slope_.data() + rows.from;
      for (Index i = 0; i < n; ++i) {
        a[i] = -buffer.d[3][at(i)] * lev[i];
        slope[i] = a[i] - 2.0 * buffer.d[1][at(i)];
      }
      std::copy_n(buffer.d[2].data(), n, curvature_.data() + rows.from);
      run_scores(rows, a, z_a);
      for (int c = 0; c < channels(); ++c) {
        auto& psi = buffer.psi[at(c)];
        std::copy_n(psi[1].data(), n, cross_[at(c)].data() + rows.from);
        for (Index i = 0; i < n; ++i) psi[0][at(i)] = -2.0 * psi[0][at(i)] - lev[i] * psi[2][at(i)];
        add_channel(c, rows, psi[0].data(), parts[k].data() + p_fixed);
      }
    });
  });
  partial_ = add_up(parts);
  if (!lone()) other_scores(g_.data(), z_a);
}

Vector WorkingRows::slopes(const Effects& y) {
  const Index p_fixed = static_cast<Index>(map_.fixed().size());
  std::vector<Vector> parts(map_.runs().size());
  for_runs([&](std::size_t k, const RowRun& run) {
    RowBuffer buffer;
    parts[k] = Vector::Zero(p_fixed + map_.others());
    for_chunks(run, [&](RowRange rows) {
      const Index n = rows.size();
      double* v = buffer.eta.data();
      std::fill_n(v, n, 0.0);
      add_random(y, rows, v);
      const double* slope = slope_.data() + rows.from;
      const double* curvature = curvature_.data() + rows.from;
      for (int c = 0; c < channels(); ++c) {
        const double* cross = cross_[at(c)].data() + rows.from;
        for (Index i = 0; i < n; ++i) buffer.work[at(i)] = cross[i] * v[i];
        add_channel(c, rows, buffer.work.data(), parts[k].data() + p_fixed);
      }
      for (Index i = 0; i < n; ++i) buffer.work[at(i)] = slope[i] + curvature[i] * v[i];
      add_fixed(rows, buffer.work.data(), parts[k].data());
    });
  });
  return partial_ + add_up(parts);
}

Vector WorkingRows::add_up(const std::vector<Vector>& parts) const {
  Vector out = Vector::Zero(coefficients());
  for (const Vector& part : parts) out += part;
  return out;
}

}  // namespace ranef
