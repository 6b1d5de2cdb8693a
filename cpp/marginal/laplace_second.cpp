// Second derivatives along directions d and c of D, beta and psi, without the bend of a chart.
//
//   b_d = K'(D_d e) + P Z'(l'' x_d + l'_psi psi_d),   e_d = Z'g_d = K (Z'(...) - A D_d e),
//   dP = K'D_d K - P A_d P,   dG0 = K A_d K' - G0 D_d G0,   pd_i = z_i'dP z_i,
//   omega_d = n_d (r l''' - lev l'''') + psi_d (r l''_psi - lev l'''_psi) - l''' pd,
//   zeta_d  = n_d (r l''_psi - lev l'''_psi - 2 l'_psi) - l''_psi pd
//             + psi_d (r l'_psipsi - lev l''_psipsi - 2 l_psipsi),
//   F_dc = sum over rows of (omega_d n_c - 2 g_d x_c + zeta_d psi_c)
//          + <dG0 + (t - 2 e) e_d', D_c> + t'D_d e_c.
#include "marginal/laplace.hpp"

#include "curvature/tangent.hpp"
#include "linalg/products.hpp"
#include "marginal/level_second.hpp"
#include "marginal/second_rows.hpp"
#include "marginal/tail_traces.hpp"

namespace ranef {

namespace {

using ConstMap = Eigen::Map<const Matrix>;

// The symmetric change of an entry of the lower triangle of D.
std::vector<Direction> entries_of(const std::vector<Matrix>& d) {
  std::vector<Direction> out;
  for (std::size_t g = 0; g < d.size(); ++g) {
    for (Index b = 0; b < d[g].cols(); ++b) {
      for (Index a = b; a < d[g].rows(); ++a) {
        Matrix change = Matrix::Zero(d[g].rows(), d[g].cols());
        change(a, b) = change(b, a) = 1.0;
        out.push_back({static_cast<int>(g), change});
      }
    }
  }
  return out;
}

// How the changes asked for are made of those that are solved for: the entries of all D, as long
// as they are few, since modes are extrapolated along any change of D; else the directions.
struct Mixture {
  std::vector<Direction> solved;
  bool entries = false;
  Matrix weights;  // (solved + coefficients) x (directions + coefficients)
};

Mixture mixture(const std::vector<Matrix>& d, const std::vector<Direction>& directions,
                Index coefficients) {
  constexpr std::size_t kMost = 64;
  Mixture out;
  out.solved = entries_of(d);
  out.entries = out.solved.size() <= kMost;
  if (!out.entries) out.solved = directions;
  const auto solved = static_cast<Index>(out.solved.size());
  const auto asked = static_cast<Index>(directions.size());
  out.weights = Matrix::Zero(solved + coefficients, asked + coefficients);
  out.weights.bottomRightCorner(coefficients, coefficients).setIdentity();
  for (Index k = 0; k < asked; ++k) {
    const Direction& wanted = directions[at(k)];
    if (!out.entries) {
      out.weights(k, k) = 1.0;
      continue;
    }
    Index row = 0;
    for (std::size_t g = 0; g < d.size(); ++g) {
      for (Index b = 0; b < d[g].cols(); ++b) {
        for (Index a = b; a < d[g].rows(); ++a, ++row) {
          if (wanted.group == static_cast<int>(g)) out.weights(row, k) = wanted.d(a, b);
        }
      }
    }
  }
  return out;
}

Effects mixed(const Pattern& pattern, const Effects& from, const Matrix& weights) {
  Effects out = zero_effects(pattern, static_cast<int>(weights.cols()));
  for (std::size_t g = 0; g < out.size(); ++g) {
    const Index q = pattern.q[g];
    for (Index level = 0; level < pattern.n_levels[g]; ++level) {
      const ConstMap own(&from[g][at(level * q * weights.rows())], q, weights.rows());
      Eigen::Map<Matrix>(&out[g][at(level * q * weights.cols())], q, weights.cols()).noalias() =
          own.lazyProduct(weights);
    }
  }
  return out;
}

// Column k of effects with `columns` columns a level.
Effects column_of(const Pattern& pattern, const Effects& from, Index columns, Index k) {
  Effects out = zero_effects(pattern, 1);
  for (std::size_t g = 0; g < out.size(); ++g) {
    const Index q = pattern.q[g];
    for (Index level = 0; level < pattern.n_levels[g]; ++level) {
      std::copy_n(&from[g][at((level * columns + k) * q)], q, &out[g][at(level * q)]);
    }
  }
  return out;
}

// Inner products of effects with each column of others.
Vector products_with(const Pattern& pattern, const Effects& one, const Effects& many,
                     Index columns) {
  Vector out = Vector::Zero(columns);
  for (std::size_t g = 0; g < one.size(); ++g) {
    const Index q = pattern.q[g];
    for (Index level = 0; level < pattern.n_levels[g]; ++level) {
      const double* from = &many[g][at(level * q * columns)];
      const double* own = &one[g][at(level * q)];
      for (Index k = 0; k < columns; ++k) {
        double sum = 0.0;
        for (Index a = 0; a < q; ++a) sum += own[a] * from[a + k * q];
        out(k) += sum;
      }
    }
  }
  return out;
}

// dG0 and dP along a change of A or of D.
Tangent tangent_along(const Sweeps& sweeps, const Direction* direction, const Numbers* change) {
  const Pattern& pattern = sweeps.pattern();
  Tangent t = change != nullptr ? tangent_of(pattern, *change) : zero_tangent(pattern);
  const Matrix tail = forward_tangent(sweeps, direction, t);
  t.top = Matrix::Zero(pattern.m, pattern.m);
  reverse_tangent(sweeps, direction, tail, t.top, t);
  return t;
}

void add_blocks(const Pattern& pattern, const PatternBlocks& from, PatternBlocks& to,
                Tangent& owner) {
  for (std::size_t i = 0; i < pattern.chain.size(); ++i) {
    StageState& own = owner.stages[i];
    for (std::size_t k = 0; k < own.w_diagonal.size(); ++k) {
      own.w_diagonal[k] += from.diagonal[i][k];
    }
    for (std::size_t k = 0; k < own.w_rest.size(); ++k) own.w_rest[k] += from.rest[i][k];
  }
  const auto add = [](const auto& more, auto& sums) {
    for (std::size_t t = 0; t < sums.size(); ++t) {
      for (std::size_t k = 0; k < sums[t].size(); ++k) sums[t][k] += more[t][k];
    }
  };
  add(from.tail, to.tail);
  add(from.tail_pairs, to.tail_pairs);
}

}  // namespace

Laplace::Followed Laplace::follow(const SecondRows& rows,
                                  const std::vector<Direction>& directions) {
  const Pattern& pattern = map_.pattern();
  const Index count = rows_.coefficients();
  const Mixture mix = mixture(d_, directions, count);
  const auto solved = static_cast<Index>(mix.solved.size());
  const Index columns = solved + count;
  const Effects fixed = rows.right_hand_sides();
  Effects r = zero_effects(pattern, static_cast<int>(columns));
  Effects v = r;
  for (std::size_t g = 0; g < r.size(); ++g) {
    const Index q = pattern.q[g];
    for (Index level = 0; level < pattern.n_levels[g]; ++level) {
      const std::size_t from = at(level * q * columns);
      std::copy_n(&fixed[g][at(level * q * count)], q * count, &r[g][from + at(solved * q)]);
      const double* e = &scores_[g][at(level * q)];
      for (Index k = 0; k < solved; ++k) {
        if (mix.solved[at(k)].group != static_cast<int>(g)) continue;
        const Matrix& d = mix.solved[at(k)].d;
        for (Index b = 0; b < q; ++b) {
          for (Index a = 0; a < q; ++a) v[g][from + at(k * q + a)] += d(a, b) * e[b];
        }
      }
    }
  }
  Effects e;
  Effects b;
  solve_levels(sweeps_, static_cast<int>(columns), r, &v, e, b, rows_.threads());
  Followed out{mixed(pattern, e, mix.weights), mixed(pattern, b, mix.weights)};
  origin_ = {d_, coefficients_, scores_, std::move(e), solved, mix.entries};
  has_origin_ = true;
  return out;
}

// What is known along the entries of D is known along all directions. With several factors each
// direction costs as much as an evaluation, so that fewer directions than entries are taken as they
// are.
Matrix Laplace::second(const std::vector<Direction>& directions) {
  const Mixture mix = mixture(d_, directions, rows_.coefficients());
  if (!mix.entries) return second_along(directions);
  if (entries_second_.size() == 0) {
    if (map_.groups().size() > 1 && directions.size() < mix.solved.size()) {
      return second_along(directions);
    }
    entries_second_ = second_along(mix.solved);
  }
  return congruent_transposed(mix.weights, entries_second_);
}

Matrix Laplace::second_along(const std::vector<Direction>& directions) {
  if (map_.groups().size() == 1) return second_of_one(directions, nullptr);
  return second_of_any(directions, false);
}

// Level by level.
Matrix Laplace::second_of_one(const std::vector<Direction>& directions, Effects* moves) {
  const Mixture mix = mixture(d_, directions, rows_.coefficients());
  std::vector<Matrix> changes;
  for (const Direction& direction : mix.solved) changes.push_back(direction.d);
  LevelSecond found =
      level_second(rows_, sweeps_, p_, {mode_.effects, scores_, third_, third_effects_}, changes);
  if (moves != nullptr) *moves = mixed(map_.pattern(), found.b, mix.weights);
  origin_ = {
      d_,         coefficients_, scores_, std::move(found.e), static_cast<Index>(changes.size()),
      mix.entries};
  has_origin_ = true;
  return congruent_transposed(mix.weights, found.hessian);
}

Matrix Laplace::second_of_any(const std::vector<Direction>& directions, bool tangents) {
  const Pattern& pattern = map_.pattern();
  SecondRows rows(rows_, mode_.effects, p_, third_effects_);
  const Followed followed = follow(rows, directions);
  const auto asked = static_cast<Index>(directions.size());
  const Index columns = asked + rows_.coefficients();
  const bool traces = !tangents && has_tail_traces(pattern);
  if (pattern.tail_columns > 0) sweeps_.tail_products();
  std::vector<Numbers> changes(at(traces ? columns : 1), zero_numbers(pattern));
  Matrix out = Matrix::Zero(columns, columns);
  for (Index d = 0; d < columns; ++d) {
    const Effects b = column_of(pattern, followed.b, columns, d);
    const Effects e = column_of(pattern, followed.e, columns, d);
    Numbers& change = changes[at(traces ? d : 0)];
    rows.begin(d - asked, b, change);
    Tangent t;
    for (const int q : pattern.q) t.gamma.push_back(Matrix::Zero(q, q));
    Tangent moved;
    PatternBlocks dp;
    bool has_dp = false;
    if (!traces) {
      t = tangent_along(sweeps_, nullptr, &change);
      dp = blocks_of(pattern, t.w());
      has_dp = true;
    }
    if (d < asked) {
      moved = tangent_along(sweeps_, &directions[at(d)], nullptr);
      for (std::size_t g = 0; g < t.gamma.size(); ++g) t.gamma[g] += moved.gamma[g];
      if (traces) {
        // Twice, since tr(K A_c K'D_d), the same number, is left out of row c.
        dp = blocks_of(pattern, moved.w());
        add_blocks(pattern, blocks_of(pattern, moved.w()), dp, moved);
        has_dp = true;
      } else {
        add_blocks(pattern, blocks_of(pattern, moved.w()), dp, t);
      }
      out.row(d) +=
          products_with(pattern, moved_third(directions[at(d)]), followed.e, columns).transpose();
    }
    const RowProducts products = rows.products(has_dp ? &dp : nullptr);
    out.row(d) += products_with(pattern, products.effects, followed.b, columns).transpose();
    out.row(d).tail(rows_.coefficients()) += products.coefficients.transpose();
    for (std::size_t g = 0; g < t.gamma.size(); ++g) {
      const Index q = pattern.q[g];
      const ConstMap own(e[g].data(), q, pattern.n_levels[g]);
      const ConstMap third(third_[g].data(), q, pattern.n_levels[g]);
      const ConstMap score(scores_[g].data(), q, pattern.n_levels[g]);
      t.gamma[g] += times(third - 2.0 * score, Form::kPlain, own, Form::kTransposed);
    }
    for (Index c = 0; c < asked; ++c) {
      out(d, c) += t.gamma[at(directions[at(c)].group)].cwiseProduct(directions[at(c)].d).sum();
    }
  }
  if (traces) out -= tail_traces(sweeps_, changes, rows_.threads());
  return 0.5 * (out + out.transpose());
}

// D_d t, for the part t'D_d e_c.
Effects Laplace::moved_third(const Direction& direction) const {
  std::vector<Matrix> only;
  for (const int q : map_.pattern().q) only.push_back(Matrix::Zero(q, q));
  only[at(direction.group)] = direction.d;
  Effects out;
  times_covariance(map_.pattern(), only, 1, third_, out);
  return out;
}

std::vector<std::vector<double>> Laplace::mode_derivatives(
    const std::vector<Direction>& directions) {
  if (map_.groups().size() == 1) {
    Effects out;
    second_of_one(directions, &out);
    return out;
  }
  const SecondRows rows(rows_, mode_.effects, p_, third_effects_);
  return follow(rows, directions).b;
}

}  // namespace ranef
