#include "iterative/iterative_factor.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/products.hpp"

namespace ranef {

IterativeFactor::IterativeFactor(const CrossProducts& a, const Pattern& outline,
                                 const Matrix& fixed, int threads, const IterativeControl& control)
    : lists_(level_lists(a, outline)),
      fixed_(fixed),
      control_(control),
      chain_(lists_),
      operator_(lists_, chain_),
      s_(operator_),
      columns_(lists_, chain_),
      traces_(lists_, chain_, s_, columns_),
      probes_(control.seed, control.deflated, control.probes) {
  set_threads(threads);
}

void IterativeFactor::set_threads(int threads) {
  operator_.set_threads(threads);
  columns_.set_threads(operator_.threads());
}

Noise IterativeFactor::noise() const {
  // Solves stop at their tolerance, and what they leave out counts by its square.
  Noise out{32.0, 4.0};
  double levels = 0.0;
  for (const ChainLevels& own : lists_.chain) levels += static_cast<double>(own.n_levels);
  out.complement += 2.0 * std::sqrt(levels);
  return out;
}

bool IterativeFactor::forward(const std::vector<Matrix>& lambda) {
  lambda_ = lambda;
  if (!chain_.eliminate(lambda) || !s_.prepare(lambda)) return false;
  probes_.follow(s_);
  if (++evaluations_ >= control_.settle) probes_.freeze();
  if (!solve_fixed()) return false;
  KrylovControl solves;
  solves.tolerance = control_.probe_tolerance;
  return traces_.estimate(probes_, solves) && std::isfinite(log_determinant());
}

double IterativeFactor::log_determinant() const {
  return chain_.log_determinant() + s_.log_determinant() + traces_.log_determinant();
}

std::vector<double> IterativeFactor::log_determinants() const {
  std::vector<double> out = traces_.log_determinants();
  for (double& value : out) value += chain_.log_determinant() + s_.log_determinant();
  return out;
}

void IterativeFactor::refine(Index deflated, Index signs) {
  probes_.grow(deflated, signs);
  evaluations_ = 0;
}

HugeVector IterativeFactor::right_side(int width, const HugeVector& tail) const {
  HugeVector out(tail.size());
  s_.g_transposed_times(width, tail.data(), out.data());
  return out;
}

bool IterativeFactor::solve_fixed() {
  const int m = lists_.m;
  eliminated_ = ColumnBlocks(lists_, m);
  const int width = eliminated_.width;
  for (std::size_t block = 0; block < eliminated_.blocks(); ++block) {
    const Index first = eliminated_.first(block);
    const Index count = std::min<Index>(width, m - first);
    for (std::size_t i = 0; i < lists_.chain.size(); ++i) {
      const ChainLevels& own = lists_.chain[i];
      const int q = own.q;
      for (Index level = 0; level < own.n_levels; ++level) {
        const double* from = &own.fixed[at(level * q * m + first * q)];
        double* to = &eliminated_.chain[i][block][at(level * q * width)];
        for (Index k = 0; k < count; ++k) {
          for (int a = 0; a < q; ++a) to[a * width + k] = from[a + k * q];
        }
      }
    }
    for (std::size_t r = 0; r < lists_.tail.runs.size(); ++r) {
      const TailRun& run = lists_.tail.runs[r];
      const int q = run.q;
      for (Index place = 0; place < run.n_levels; ++place) {
        const double* from =
            &lists_.tail_fixed[r][at(Index{run.level[at(place)]} * q * m + first * q)];
        double* to = &eliminated_.tail[block][at((run.offset + place * q) * width)];
        for (Index k = 0; k < count; ++k) {
          for (int a = 0; a < q; ++a) to[a * width + k] = from[a + k * q];
        }
      }
    }
  }
  columns_.eliminate(eliminated_);
  complement_ = fixed_;
  for (std::size_t i = 0; i < lists_.chain.size(); ++i) {
    std::vector<HugeVector> p;
    for (const HugeVector& c : eliminated_.chain[i]) p.push_back(columns_.p_times(i, width, c));
    complement_ -= products(eliminated_.chain[i], p, width, m, m);
  }
  // The tail: b'S~^-1 b = b'x + x'r up to the square of the residuals r.
  KrylovControl control;
  control.tolerance = control_.tolerance;
  ColumnBlocks b(lists_, m);
  ColumnBlocks e(lists_, m);
  std::vector<HugeVector> right;
  std::vector<HugeVector> solved;
  std::vector<HugeVector> left;
  Krylov found;
  solve_iterations_ = 0;
  for (std::size_t block = 0; block < eliminated_.blocks(); ++block) {
    right.push_back(right_side(width, eliminated_.tail[block]));
    conjugate_gradients(s_, width, right.back(), control, found);
    if (!found.fine) return false;
    solve_iterations_ = std::max(solve_iterations_, found.iterations);
    s_.g_times(width, found.x.data(), b.tail[block].data());
    operator_.apply(width, b.tail[block].data(), e.tail[block].data());
    for (std::size_t k = 0; k < e.tail[block].size(); ++k) {
      e.tail[block][k] = eliminated_.tail[block][k] - e.tail[block][k];
    }
    solved.push_back(std::move(found.x));
    left.push_back(std::move(found.residual));
  }
  Matrix form = products(right, solved, width, m, m) + products(solved, left, width, m, m);
  complement_ -= 0.5 * (form + form.transpose());
  complement_ = (0.5 * (complement_ + complement_.transpose())).eval();
  columns_.back(lambda_, eliminated_, b, e);
  to_groups(b, b_);
  to_groups(e, e_);
  return complement_.allFinite();
}

// q x count by level and group, column-major, levels in the data's order.
void IterativeFactor::to_groups(const ColumnBlocks& from,
                                std::vector<std::vector<double>>& out) const {
  const Index count = from.count;
  const int width = from.width;
  out.assign(lists_.chain.size() + lists_.tail.runs.size(), {});
  const auto copy = [&](const HugeVector& block, Index first, Index row, int q, double* to) {
    for (Index k = first; k < std::min(count, first + width); ++k) {
      for (int a = 0; a < q; ++a) to[a + k * q] = block[at((row + a) * width + k - first)];
    }
  };
  for (std::size_t i = 0; i < lists_.chain.size(); ++i) {
    const ChainLevels& own = lists_.chain[i];
    std::vector<double>& to = out[at(own.group)];
    to.resize(at(own.n_levels * own.q * count));
    for (std::size_t block = 0; block < from.blocks(); ++block) {
      for (Index level = 0; level < own.n_levels; ++level) {
        copy(from.chain[i][block], from.first(block), level * own.q, own.q,
             &to[at(level * own.q * count)]);
      }
    }
  }
  for (const TailRun& run : lists_.tail.runs) {
    std::vector<double>& to = out[at(run.group)];
    to.resize(at(run.columns() * count));
    for (std::size_t block = 0; block < from.blocks(); ++block) {
      for (Index place = 0; place < run.n_levels; ++place) {
        copy(from.tail[block], from.first(block), run.offset + place * run.q, run.q,
             &to[at(Index{run.level[at(place)]} * run.q * count)]);
      }
    }
  }
}

void IterativeFactor::reverse(const Top& top, std::vector<Matrix>& gamma, bool keep) {
  if (keep) throw NeedsExact();
  gamma = traces_.information();
  const int m = lists_.m;
  for (std::size_t g = 0; g < gamma.size(); ++g) {
    const auto q = static_cast<int>(gamma[g].rows());
    const Index levels = static_cast<Index>(e_[g].size()) / (q * m);
    Matrix sum = Matrix::Zero(q, q);
    Matrix et(q, m);
    for (Index level = 0; level < levels; ++level) {
      const Eigen::Map<const Matrix> e(&e_[g][at(level * q * m)], q, m);
      et.noalias() = e.lazyProduct(top.value);
      sum.noalias() += et.lazyProduct(e.transpose());
    }
    gamma[g] -= 0.5 * (sum + sum.transpose());
  }
}

void IterativeFactor::predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                                 std::vector<std::vector<double>>& e) {
  const int m = lists_.m;
  const auto columns = static_cast<int>(v.cols());
  b.assign(b_.size(), {});
  e.assign(e_.size(), {});
  for (std::size_t g = 0; g < b_.size(); ++g) {
    const auto q = static_cast<int>(lambda_[g].rows());
    const Index levels = static_cast<Index>(e_[g].size()) / (q * m);
    for (const bool scores : {false, true}) {
      const std::vector<double>& from = scores ? e_[g] : b_[g];
      std::vector<double>& to = scores ? e[g] : b[g];
      to.resize(at(levels * q * columns));
      for (Index level = 0; level < levels; ++level) {
        Eigen::Map<Matrix>(&to[at(level * q * columns)], q, columns).noalias() =
            Eigen::Map<const Matrix>(&from[at(level * q * m)], q, m).lazyProduct(v);
      }
    }
  }
}

// As in curvature/information.cpp: with a what eliminated levels have left for this one,
//   t = a + C w,  u = w - P t,  form += t'u + w'a,  a_rest += C_rest,j u.
Matrix IterativeFactor::quadratic_form(
    const std::vector<std::pair<int, std::vector<double>>>& variates, const Matrix& xx_inverse) {
  const auto count = static_cast<Index>(variates.size());
  const int p = lists_.p;
  Matrix form = Matrix::Zero(count, count);
  Matrix fixed = Matrix::Zero(lists_.m, count);
  if (count == 0) return form;
  ColumnBlocks a(lists_, count);
  const int width = a.width;
  KrylovControl control;
  control.tolerance = control_.variate_tolerance;
  const auto add = [&](const std::vector<HugeVector>& t, const std::vector<HugeVector>& u,
                       const std::vector<HugeVector>& w, const std::vector<HugeVector>& left,
                       const std::vector<HugeVector>& c) {
    form += products(t, u, width, count, count) + products(w, left, width, count, count);
    // Blocks of [X y] may be of another width.
    for (std::size_t s = 0; s < c.size(); ++s) {
      const int own = eliminated_.width;
      const Index rows = static_cast<Index>(c[s].size()) / own;
      for (std::size_t k = 0; k < u.size(); ++k) {
        const Matrix block =
            times(Eigen::Map<const Matrix>(c[s].data(), own, rows), Form::kPlain,
                  Eigen::Map<const Matrix>(u[k].data(), width, rows), Form::kTransposed);
        const Index row = static_cast<Index>(s) * own;
        const Index column = static_cast<Index>(k) * width;
        const Index r = std::min<Index>(own, lists_.m - row);
        const Index n = std::min<Index>(width, count - column);
        fixed.block(row, column, r, n) += block.topLeftCorner(r, n);
      }
    }
  };
  for (std::size_t i = 0; i < lists_.chain.size(); ++i) {
    const ChainLevels& own = lists_.chain[i];
    const int q = own.q;
    std::vector<HugeVector> w;
    std::vector<HugeVector> t = a.chain[i];
    std::vector<HugeVector> u;
    for (std::size_t block = 0; block < a.blocks(); ++block) {
      HugeVector mine(t[block].size(), 0.0);
      for (Index k = 0; k < std::min<Index>(width, count - a.first(block)); ++k) {
        const auto& [group, values] = variates[at(a.first(block) + k)];
        if (group != own.group) continue;
        for (std::size_t row = 0; row < values.size(); ++row) {
          mine[row * at(width) + at(k)] = values[row];
        }
      }
      const double* c = chain_.c(i);
      for (Index level = 0; level < own.n_levels; ++level) {
        const Eigen::Map<const Matrix> from(&mine[at(level * q * width)], width, q);
        Eigen::Map<Matrix> to(&t[block][at(level * q * width)], width, q);
        to.noalias() += from.lazyProduct(Eigen::Map<const Matrix>(c + level * q * q, q, q));
      }
      u.push_back(columns_.p_times(i, width, t[block]));
      for (std::size_t k = 0; k < mine.size(); ++k) u[block][k] = mine[k] - u[block][k];
      w.push_back(std::move(mine));
      std::vector<HugeVector> parents;
      for (std::size_t k = i + 1; k < lists_.chain.size(); ++k) {
        parents.push_back(std::move(a.chain[k][block]));
      }
      columns_.pass_on(i, width, u[block], parents, a.tail[block]);
      for (std::size_t k = i + 1; k < lists_.chain.size(); ++k) {
        a.chain[k][block] = std::move(parents[k - i - 1]);
      }
    }
    add(t, u, w, a.chain[i], eliminated_.chain[i]);
  }
  std::vector<HugeVector> w;
  std::vector<HugeVector> t;
  std::vector<HugeVector> u;
  Krylov found;
  for (std::size_t block = 0; block < a.blocks(); ++block) {
    HugeVector mine(a.tail[block].size(), 0.0);
    for (Index k = 0; k < std::min<Index>(width, count - a.first(block)); ++k) {
      const auto& [group, values] = variates[at(a.first(block) + k)];
      for (const TailRun& run : lists_.tail.runs) {
        if (group != run.group) continue;
        for (Index place = 0; place < run.n_levels; ++place) {
          for (int c = 0; c < run.q; ++c) {
            mine[at((run.offset + place * run.q + c) * width + k)] =
                values[at(Index{run.level[at(place)]} * run.q + c)];
          }
        }
      }
    }
    HugeVector own(mine.size());
    operator_.apply(width, mine.data(), own.data());
    for (std::size_t k = 0; k < own.size(); ++k) own[k] += a.tail[block][k];
    const HugeVector right = right_side(width, own);
    conjugate_gradients(s_, width, right, control, found);
    HugeVector left(mine.size());
    s_.g_times(width, found.x.data(), left.data());
    for (std::size_t k = 0; k < left.size(); ++k) left[k] = mine[k] - left[k];
    w.push_back(std::move(mine));
    t.push_back(std::move(own));
    u.push_back(std::move(left));
  }
  add(t, u, w, a.tail, eliminated_.tail);
  const Matrix x = fixed.topRows(p);
  form -= congruent_transposed(x, xx_inverse);
  return 0.5 * (form + form.transpose());
}

}  // namespace ranef
