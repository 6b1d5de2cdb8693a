// With one chain factor (levels j) and a tail, let u_j = [U over the tail, x] at a level (x =
// Z_j'V^-1 X, under REML), B = blockdiag(P, Q^-1), and g_l = [F'_l ; -Q^-1 x_l'] for level l of the
// tail. Then
//   N_ij = delta_ij S_j - u_i B u_j',    N_jl = u_j g_l,
// and with W_E = sum_j u_j'E u_j and V_F = sum_l g_l F g_l' the traces over pairs of levels are
//   chain, chain:  sum_j tr(S E S F) - 2 sum_j tr(S E (u B u') F) + tr(B W_E B W_F),
//   chain, tail:   tr(W_E V_F),
//   tail, tail:    tr(N_tt E N_tt F).
// All are bilinear, so they are found for a basis of symmetric E and combined.
#include "curvature/trace_products.hpp"

#include <algorithm>

#include "curvature/information.hpp"
#include "curvature/scalar_traces.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

// The symmetric basis matrices E_ab = (e_a e_b' + e_b e_a') / 2 of one factor.
struct Basis {
  std::vector<std::pair<int, int>> entries;
  explicit Basis(int q) {
    for (int b = 0; b < q; ++b) {
      for (int a = b; a < q; ++a) entries.emplace_back(a, b);
    }
  }
  // A direction's coordinates: sum of coordinate * E_ab.
  Vector coordinates(const Matrix& d) const {
    Vector out(static_cast<Index>(entries.size()));
    for (Index k = 0; k < out.size(); ++k) {
      const auto [a, b] = entries[at(k)];
      out(k) = a == b ? d(a, b) : 2.0 * d(a, b);
    }
    return out;
  }
};

Matrix symmetric_part(const Matrix& a) { return 0.5 * (a + a.transpose()); }

class TraceProducts {
 public:
  TraceProducts(Criterion& criterion, const std::vector<std::vector<double>>& scores)
      : pattern_(criterion.pattern()),
        sweeps_(criterion.sweeps()),
        scores_(scores),
        xx_inverse_(criterion.xx_inverse()),
        p_(criterion.reml() ? criterion.pattern().p : 0),
        chain_basis_(pattern_.chain[0].q) {
    sweeps_.tail_products();
    for (const TailGroup& group : pattern_.tail) tail_bases_.emplace_back(group.q);
    fill_middle();
    fill_chain();
    fill_tail();
  }

  Matrix of(const std::vector<Direction>& directions) const {
    const Index size = table_.rows();
    Matrix coordinates = Matrix::Zero(size, static_cast<Index>(directions.size()));
    for (std::size_t k = 0; k < directions.size(); ++k) {
      const Direction& direction = directions[k];
      Index from = 0;
      if (direction.group == pattern_.chain[0].group) {
        const Vector c = chain_basis_.coordinates(direction.d);
        coordinates.col(static_cast<Index>(k)).segment(from, c.size()) = c;
        continue;
      }
      from = static_cast<Index>(chain_basis_.entries.size());
      for (std::size_t t = 0; t < tail_bases_.size(); ++t) {
        const auto count = static_cast<Index>(tail_bases_[t].entries.size());
        if (pattern_.tail[t].group == direction.group) {
          coordinates.col(static_cast<Index>(k)).segment(from, count) =
              tail_bases_[t].coordinates(direction.d);
        }
        from += count;
      }
    }
    return congruent_transposed(coordinates, table_);
  }

 private:
  Index columns() const { return pattern_.tail_columns + p_; }

  // B, and under REML the scores of X at the tail's levels.
  void fill_middle() {
    const Index tail = pattern_.tail_columns;
    middle_ = Matrix::Zero(columns(), columns());
    middle_.topLeftCorner(tail, tail) = sweeps_.tail().p;
    middle_.bottomRightCorner(p_, p_) = xx_inverse_.topLeftCorner(p_, p_);
    tail_x_ = Matrix::Zero(tail, p_);
    if (p_ == 0) return;
    for (const TailGroup& group : pattern_.tail) {
      for (Index level = 0; level < group.n_levels; ++level) {
        tail_x_.middleRows(group.offset + level * group.q, group.q) =
            x_of(group.group, level, group.q);
      }
    }
  }

  Matrix x_of(int group, Index level, int q) const {
    return Eigen::Map<const Matrix>(&scores_[at(group)][at(level * q * pattern_.m)], q, pattern_.m)
        .leftCols(p_);
  }

  // Row a of u_j for every level j, as the columns of a dense matrix or as one scattered row.
  void row_of_u(Index level, int a, Vector& values, std::vector<Index>& places) const {
    const Stage& stage = pattern_.chain[0];
    const int q = stage.q;
    const double* u = &sweeps_.stage(0).u[at(stage.rest_start[at(level)]) * at(q)];
    const std::int32_t* list = stage.tail_list(level);
    const int n_tail = stage.tail_columns(level);
    values.resize(n_tail + p_);
    places.resize(at(n_tail + p_));
    for (int t = 0; t < n_tail; ++t) {
      values(t) = u[a + t * q];
      places[at(t)] = list[t];
    }
    if (p_ == 0) return;
    const double* x = &scores_[at(stage.group)][at(level * q * pattern_.m)];
    for (Index k = 0; k < p_; ++k) {
      values(n_tail + k) = x[a + k * q];
      places[at(n_tail + k)] = pattern_.tail_columns + k;
    }
  }

  // sum_j u_ja u_jb' for rows a and b of u.
  std::vector<Matrix> outer_products() const {
    const Stage& stage = pattern_.chain[0];
    const bool full =
        static_cast<Index>(stage.tail_column.size()) * 4 > stage.n_levels * pattern_.tail_columns;
    Vector va;
    Vector vb;
    std::vector<Index> places;
    std::vector<Matrix> out;
    if (full) {
      std::vector<Matrix> rows(at(stage.q), Matrix::Zero(stage.n_levels, columns()));
      for (int a = 0; a < stage.q; ++a) {
        for (Index level = 0; level < stage.n_levels; ++level) {
          row_of_u(level, a, va, places);
          for (Index k = 0; k < va.size(); ++k) rows[at(a)](level, places[at(k)]) = va(k);
        }
      }
      for (const auto& [a, b] : chain_basis_.entries) {
        out.push_back(symmetric_part(times(rows[at(a)], Form::kTransposed, rows[at(b)])));
      }
      return out;
    }
    for (const auto& [a, b] : chain_basis_.entries) {
      Matrix w = Matrix::Zero(columns(), columns());
      for (Index level = 0; level < stage.n_levels; ++level) {
        row_of_u(level, a, va, places);
        row_of_u(level, b, vb, places);
        for (Index k = 0; k < va.size(); ++k) {
          double* to = w.col(places[at(k)]).data();
          for (Index l = 0; l < va.size(); ++l) to[places[at(l)]] += va(l) * vb(k);
        }
      }
      out.push_back(symmetric_part(w));
    }
    return out;
  }

  void fill_chain() {
    const Stage& stage = pattern_.chain[0];
    const StageState& state = sweeps_.stage(0);
    const int q = stage.q;
    const auto count = static_cast<Index>(chain_basis_.entries.size());
    Index size = count;
    for (const Basis& basis : tail_bases_) size += static_cast<Index>(basis.entries.size());
    table_ = Matrix::Zero(size, size);

    // sum_j vec(S_j) vec(S_j - 2 u_j B u_j')', contracted with pairs of basis matrices.
    Matrix sums = Matrix::Zero(q * q, q * q);
    Matrix u;
    Matrix s(q, q);
    Matrix inner;
    Vector values;
    std::vector<Index> places;
    for (Index level = 0; level < stage.n_levels; ++level) {
      const std::size_t block = at(level * q * q);
      product(1.0, Eigen::Map<const Matrix>(&state.f[block], q, q), Form::kPlain,
              Eigen::Map<const Matrix>(sweeps_.c_diagonal(0) + block, q, q), Form::kPlain, 0.0, s);
      row_of_u(level, 0, values, places);
      const Index width = values.size();
      u.resize(q, width);
      for (int a = 0; a < q; ++a) {
        row_of_u(level, a, values, places);
        u.row(a) = values.transpose();
      }
      inner.resize(width, width);
      for (Index k = 0; k < width; ++k) {
        for (Index l = 0; l < width; ++l) inner(l, k) = middle_(places[at(l)], places[at(k)]);
      }
      const Matrix t = s - 2.0 * congruent(u, inner);
      sums.noalias() += Eigen::Map<const Vector>(s.data(), q * q) *
                        Eigen::Map<const Vector>(t.data(), q * q).transpose();
    }
    for (Index k = 0; k < count; ++k) {
      for (Index l = 0; l < count; ++l) {
        const auto [a, b] = chain_basis_.entries[at(k)];
        const auto [c, d] = chain_basis_.entries[at(l)];
        // tr(S E T F) over the four orders of E = (a, b) and F = (c, d).
        const auto term = [&](int i, int j, int m, int n) { return sums(n + i * q, j + m * q); };
        table_(k, l) =
            0.25 * (term(a, b, c, d) + term(b, a, c, d) + term(a, b, d, c) + term(b, a, d, c));
      }
    }
    table_.topLeftCorner(count, count) = symmetric_part(table_.topLeftCorner(count, count)).eval();

    outer_ = outer_products();
    std::vector<Matrix> products(outer_.size());
    for (std::size_t k = 0; k < outer_.size(); ++k) multiply(middle_, outer_[k], products[k]);
    for (Index k = 0; k < count; ++k) {
      const Matrix transposed = products[at(k)].transpose();
      for (Index l = 0; l <= k; ++l) {
        const double value = transposed.cwiseProduct(products[at(l)]).sum();
        table_(k, l) += value;
        if (l < k) table_(l, k) += value;
      }
    }
  }

  void fill_tail() {
    const Index tail = pattern_.tail_columns;
    Matrix n = sweeps_.tail().s;
    Matrix g(columns(), tail);  // g_l side by side
    g.topRows(tail) = sweeps_.tail().f.transpose();
    if (p_ > 0) {
      const Matrix solved =
          times(xx_inverse_.topLeftCorner(p_, p_), Form::kPlain, tail_x_, Form::kTransposed);
      add(-1.0, tail_x_, Form::kPlain, solved, Form::kPlain, n);
      g.bottomRows(p_) = -solved;
    }
    std::vector<Matrix> by_basis;  // N E, transposed
    Index row = static_cast<Index>(chain_basis_.entries.size());
    const Index first = row;
    for (std::size_t t = 0; t < pattern_.tail.size(); ++t) {
      const TailGroup& group = pattern_.tail[t];
      for (const auto& [a, b] : tail_bases_[t].entries) {
        const auto columns_of = [&](const Matrix& from, int k) {
          Matrix out(from.rows(), group.n_levels);
          for (Index level = 0; level < group.n_levels; ++level) {
            out.col(level) = from.col(group.offset + level * group.q + k);
          }
          return out;
        };
        const Matrix v = times(columns_of(g, a), Form::kPlain, columns_of(g, b), Form::kTransposed);
        for (std::size_t k = 0; k < outer_.size(); ++k) {
          const double value = outer_[k].cwiseProduct(v).sum();
          table_(row, static_cast<Index>(k)) = value;
          table_(static_cast<Index>(k), row) = value;
        }
        by_basis.push_back(n_times(n, group, a, b));
        ++row;
      }
    }
    for (std::size_t k = 0; k < by_basis.size(); ++k) {
      const Matrix transposed = by_basis[k].transpose();
      for (std::size_t l = 0; l <= k; ++l) {
        const double value = transposed.cwiseProduct(by_basis[l]).sum();
        table_(first + static_cast<Index>(k), first + static_cast<Index>(l)) = value;
        table_(first + static_cast<Index>(l), first + static_cast<Index>(k)) = value;
      }
    }
  }

  // N E with E = E_ab at every level of one tail factor, zero elsewhere.
  static Matrix n_times(const Matrix& n, const TailGroup& group, int a, int b) {
    Matrix out = Matrix::Zero(n.rows(), n.cols());
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * group.q;
      out.col(from + b) += 0.5 * n.col(from + a);
      out.col(from + a) += 0.5 * n.col(from + b);
    }
    return out;
  }

  const Pattern& pattern_;
  Sweeps& sweeps_;
  const std::vector<std::vector<double>>& scores_;
  const Matrix& xx_inverse_;
  Index p_;  // columns of X that take part: none under ML
  Basis chain_basis_;
  std::vector<Basis> tail_bases_;
  Matrix middle_;
  Matrix tail_x_;
  std::vector<Matrix> outer_;
  Matrix table_;
};

}  // namespace

Matrix trace_products(Criterion& criterion, const std::vector<Direction>& directions,
                      const std::vector<std::vector<double>>& scores) {
  if (!has_scalar_traces(criterion.sweeps())) {
    return TraceProducts(criterion, scores).of(directions);
  }
  const Pattern& pattern = criterion.pattern();
  Matrix coordinates = Matrix::Zero(pattern.n_groups, static_cast<Index>(directions.size()));
  for (std::size_t k = 0; k < directions.size(); ++k) {
    Index row = 0;
    for (std::size_t t = 0; t < pattern.tail.size(); ++t) {
      if (pattern.tail[t].group == directions[k].group) row = static_cast<Index>(t) + 1;
    }
    coordinates(row, static_cast<Index>(k)) = directions[k].d(0, 0);
  }
  return congruent_transposed(coordinates, scalar_traces(criterion, scores));
}

Curvature tail_curvature(Criterion& criterion, const std::vector<Direction>& directions,
                         bool parts) {
  const Pattern& pattern = criterion.pattern();
  Curvature out;
  out.hessian = 2.0 * information_in_the_data(criterion, directions, out.r2);
  out.hessian -= criterion.outer().bend() * (out.r2 * out.r2.transpose());
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  const int m = pattern.m;
  const int p = pattern.p;
  if (criterion.reml() || parts) criterion.sweeps().predictors(Matrix::Identity(m, m), b, e);
  out.hessian -= trace_products(criterion, directions, e);
  if (!parts) return out;
  for (const Direction& direction : directions) {
    const int q = pattern.q[at(direction.group)];
    Matrix sum = Matrix::Zero(m, m);
    if (q == 1) {
      const Eigen::Map<const Matrix> score(e[at(direction.group)].data(), m,
                                           pattern.n_levels[at(direction.group)]);
      product(direction.d(0, 0), score, Form::kPlain, score, Form::kTransposed, 0.0, sum);
    }
    for (Index level = 0; q > 1 && level < pattern.n_levels[at(direction.group)]; ++level) {
      const Eigen::Map<const Matrix> score(&e[at(direction.group)][at(level * q * m)], q, m);
      add(1.0, score, Form::kTransposed, times(direction.d, score), Form::kPlain, sum);
    }
    out.xx.push_back(-sum.topLeftCorner(p, p));
  }
  return out;
}

}  // namespace ranef
