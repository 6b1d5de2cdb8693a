#include "curvature/block_traces.hpp"

#include <algorithm>

#include "linalg/products.hpp"

namespace ranef {

void add_block_traces(const Eigen::Ref<const Matrix>& a, const Eigen::Ref<const Matrix>& b, int q,
                      int r, Matrix& table) {
  constexpr Index kBatch = 1024;  // pairs of levels in one product
  const Index levels = a.rows() / q;
  const Index others = a.cols() / r;
  const Index step = std::min(std::max<Index>(1, kBatch / std::max<Index>(1, levels)), others);
  Matrix pa(q * r, levels * step);
  Matrix pb(q * r, levels * step);
  for (Index first = 0; first < others; first += step) {
    const Index last = std::min(first + step, others);
    const auto unfold = [&](const Eigen::Ref<const Matrix>& from, Matrix& to) {
      for (Index j = first; j < last; ++j) {
        for (int c = 0; c < r; ++c) {
          const double* column = from.col(j * r + c).data();
          double* out = to.col((j - first) * levels).data() + c * q;
          for (Index i = 0; i < levels; ++i) {
            for (int k = 0; k < q; ++k) out[i * q * r + k] = column[i * q + k];
          }
        }
      }
    };
    unfold(a, pa);
    unfold(b, pb);
    const Index columns = (last - first) * levels;
    product(1.0, pa.leftCols(columns), Form::kPlain, pb.leftCols(columns), Form::kTransposed, 1.0,
            table);
  }
}

Matrix contract(const Matrix& table, const std::vector<Matrix>& e, const std::vector<Matrix>& f) {
  const auto rows = static_cast<Index>(e.size());
  const auto columns = static_cast<Index>(f.size());
  Matrix out = Matrix::Zero(rows, columns);
  if (rows == 0 || columns == 0) return out;
  const Index q = e.front().rows();
  const Index r = f.front().rows();
  Matrix half(q * q, columns);  // sum over c and d for each (a, b)
  for (Index l = 0; l < columns; ++l) {
    half.col(l).setZero();
    for (Index d = 0; d < r; ++d) {
      for (Index c = 0; c < r; ++c) {
        const double value = f[at(l)](c, d);
        if (value == 0.0) continue;
        for (Index b = 0; b < q; ++b) {
          for (Index a = 0; a < q; ++a) half(a + b * q, l) += value * table(b + c * q, a + d * q);
        }
      }
    }
  }
  for (Index k = 0; k < rows; ++k) {
    out.row(k).noalias() = Eigen::Map<const Vector>(e[at(k)].data(), q * q).transpose() * half;
  }
  return out;
}

std::vector<OwnDirections> by_group(const std::vector<Direction>& directions, int n_groups) {
  std::vector<OwnDirections> out(at(n_groups));
  for (std::size_t k = 0; k < directions.size(); ++k) {
    OwnDirections& own = out[at(directions[k].group)];
    own.place.push_back(static_cast<Index>(k));
    own.d.push_back(directions[k].d);
  }
  return out;
}

void add_block(const Matrix& block, double scale, const OwnDirections& rows,
               const OwnDirections& columns, Matrix& out) {
  const bool same = &rows == &columns;
  for (std::size_t k = 0; k < rows.place.size(); ++k) {
    for (std::size_t l = 0; l < columns.place.size(); ++l) {
      const double value = scale * block(static_cast<Index>(k), static_cast<Index>(l));
      const Index i = rows.place[k];
      const Index j = columns.place[l];
      if (same) {
        out(i, j) += 0.5 * value;
        out(j, i) += 0.5 * value;
      } else {
        out(i, j) += value;
        out(j, i) += value;
      }
    }
  }
}

void add_tail_traces(const Sweeps& sweeps, const Matrix& top, const std::vector<OwnDirections>& own,
                     Matrix& hessian) {
  const Pattern& pattern = sweeps.pattern();
  const TailState& tail = sweeps.tail();
  const Matrix u_top = times(tail.u, top);
  Matrix rest;
  for (std::size_t s = 0; s < pattern.tail.size(); ++s) {
    const TailGroup& g = pattern.tail[s];
    const Index rows = g.n_levels * g.q;
    for (std::size_t t = s; t < pattern.tail.size(); ++t) {
      const TailGroup& h = pattern.tail[t];
      const Index columns = h.n_levels * h.q;
      const OwnDirections& e = own[at(g.group)];
      const OwnDirections& f = own[at(h.group)];
      if (e.d.empty() || f.d.empty()) continue;
      const auto n = tail.s.block(g.offset, h.offset, rows, columns);
      rest = n;
      product(-2.0, u_top.middleRows(g.offset, rows), Form::kPlain,
              tail.u.middleRows(h.offset, columns), Form::kTransposed, 1.0, rest);
      Matrix table = Matrix::Zero(g.q * h.q, g.q * h.q);
      add_block_traces(n, rest, g.q, h.q, table);
      add_block(contract(table, e.d, f.d), -1.0, e, f, hessian);
    }
  }
}

void add_fixed_changes(const Eigen::Ref<const Matrix>& v, int q, const OwnDirections& own,
                       std::vector<Matrix>& fixed) {
  if (own.d.empty()) return;
  const Index levels = v.rows() / q;
  std::vector<Matrix> rows;  // of each effect, levels x m
  for (int a = 0; a < q; ++a) {
    rows.emplace_back(levels, v.cols());
    for (Index level = 0; level < levels; ++level) rows.back().row(level) = v.row(level * q + a);
  }
  Matrix sum(v.cols(), v.cols());
  for (int b = 0; b < q; ++b) {
    for (int a = b; a < q; ++a) {
      product(1.0, rows[at(a)], Form::kTransposed, rows[at(b)], Form::kPlain, 0.0, sum);
      for (std::size_t k = 0; k < own.d.size(); ++k) {
        const double value = own.d[k](a, b);
        if (value == 0.0) continue;
        Matrix& out = fixed[at(own.place[k])];
        out -= value * sum;
        if (a != b) out -= value * sum.transpose();
      }
    }
  }
}

void finish(const Criterion& criterion, const std::vector<Matrix>& fixed, Curvature& out) {
  const Outer& outer = criterion.outer();
  const Vector v = outer.residual();
  out.r2.resize(static_cast<Index>(fixed.size()));
  out.xx.clear();
  for (std::size_t k = 0; k < fixed.size(); ++k) {
    out.r2(static_cast<Index>(k)) = v.dot(fixed[k] * v);
    out.xx.emplace_back(fixed[k].topLeftCorner(outer.p(), outer.p()));
  }
  outer.add_second(fixed, out.hessian);
}

}  // namespace ranef
