#include "factor/level_solve.hpp"

#include <algorithm>

#include "linalg/decompose.hpp"
#include "linalg/parallel.hpp"
#include "linalg/products.hpp"
#include "linalg/small.hpp"

namespace ranef {

namespace {

// out (q x k) += sign * op(a) x for a q x q.
template <int Q>
void add_square(int q_, double sign, const double* a, bool transposed, const double* x, int k,
                double* out) {
  const int q = Small<Q>::size(q_);
  for (int c = 0; c < k; ++c) {
    for (int i = 0; i < q; ++i) {
      double sum = 0.0;
      for (int j = 0; j < q; ++j) sum += (transposed ? a[j + i * q] : a[i + j * q]) * x[j + c * q];
      out[i + c * q] += sign * sum;
    }
  }
}

// Right-hand sides and solutions over the tail: a column for each tail column, k numbers each.
struct TailColumns {
  Matrix r, v, e, b;
};

class LevelSolve {
 public:
  LevelSolve(const Sweeps& sweeps, int columns, const Effects& r, const Effects* v, Effects& e,
             Effects& b, int threads)
      : sweeps_(sweeps),
        pattern_(sweeps.pattern()),
        k_(columns),
        v_(v),
        e_(e),
        b_(b),
        threads_(threads) {
    // e holds the right-hand sides of a level until its turn comes.
    e_ = r;
    b_.resize(r.size());
    for (std::size_t g = 0; g < r.size(); ++g) b_[g].resize(r[g].size());
  }

  void run() {
    if (pattern_.tail_columns > 0) load_tail();
    for (std::size_t i = 0; i < pattern_.chain.size(); ++i) {
      if (alone(i)) continue;
      with_size(pattern_.chain[i].q,
                [&](auto size) { this->template forward<decltype(size)::value>(i); });
    }
    if (pattern_.tail_columns > 0) solve_tail();
    for (std::size_t i = pattern_.chain.size(); i-- > 0;) {
      with_size(pattern_.chain[i].q,
                [&](auto size) { this->template back<decltype(size)::value>(i); });
    }
  }

 private:
  bool alone(std::size_t i) const {
    return pattern_.tail_columns == 0 && pattern_.chain[i].parent.empty();
  }
  const double* v_of(int group, Index level, int q) const {
    return v_ == nullptr ? nullptr : &(*v_)[at(group)][at(level) * at(q * k_)];
  }

  // The other way round: Effects have q x k a level.
  template <class Use>
  void for_tail(Use use) const {
    for (const TailGroup& group : pattern_.tail) {
      for (Index level = 0; level < group.n_levels; ++level) {
        use(group, group.offset + level * group.q, at(level) * at(group.q * k_));
      }
    }
  }
  Matrix taken(const Effects& from) const {
    Matrix out(k_, pattern_.tail_columns);
    for_tail([&](const TailGroup& group, Index column, std::size_t place) {
      const double* values = &from[at(group.group)][place];
      for (int a = 0; a < group.q; ++a) {
        for (int c = 0; c < k_; ++c) out(c, column + a) = values[a + c * group.q];
      }
    });
    return out;
  }
  void put(const Matrix& from, Effects& to) const {
    for_tail([&](const TailGroup& group, Index column, std::size_t place) {
      double* values = &to[at(group.group)][place];
      for (int a = 0; a < group.q; ++a) {
        for (int c = 0; c < k_; ++c) values[a + c * group.q] = from(c, column + a);
      }
    });
  }

  void load_tail() {
    tail_.r = taken(e_);
    if (v_ != nullptr) tail_.v = taken(*v_);
  }

  // Calls use(rest column, numbers, stride) for what a level is eliminated before: `of` and `tail`
  // hold k numbers for each, `stride` apart.
  template <class Use>
  void for_rest(std::size_t i, Index level, Effects& of, Matrix& tail, Use use) const {
    const Stage& stage = pattern_.chain[i];
    int column = 0;
    for (std::size_t k = 0; k < stage.parent.size(); ++k) {
      const Stage& later = pattern_.chain[i + 1 + k];
      double* block = &of[at(later.group)][at(stage.parent[k][at(level)]) * at(later.q * k_)];
      for (int a = 0; a < later.q; ++a) use(column++, block + a, later.q);
    }
    const std::int32_t* list = stage.tail_list(level);
    for (int t = 0; t < stage.tail_columns(level); ++t) {
      use(column++, tail.col(list[t]).data(), 1);
    }
  }

  template <int Q>
  void forward(std::size_t i) {
    const Stage& stage = pattern_.chain[i];
    const int q = Small<Q>::size(stage.q);
    for (Index level = 0; level < stage.n_levels; ++level) {
      const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
      const double* h = &sweeps_.stage(i).h[from];
      const double* u = &sweeps_.stage(i).u[from];
      const double* r = &e_[at(stage.group)][at(level) * at(q * k_)];
      const double* v = v_of(stage.group, level, q);
      for_rest(i, level, e_, tail_.r, [&](int column, double* to, int stride) {
        for (int c = 0; c < k_; ++c) {
          double sum = 0.0;
          for (int a = 0; a < q; ++a) sum += h[column * q + a] * r[a + c * q];
          if (v != nullptr) {
            for (int a = 0; a < q; ++a) sum += u[column * q + a] * v[a + c * q];
          }
          to[c * stride] -= sum;
        }
      });
    }
  }

  template <int Q>
  void back(std::size_t i) {
    if (!alone(i)) return back_levels<Q>(i, 0, pattern_.chain[i].n_levels);
    run_parts(pattern_.chain[i].n_levels, kLevelRun, threads_,
              [&](Index first, Index last) { back_levels<Q>(i, first, last); });
  }

  template <int Q>
  void back_levels(std::size_t i, Index first, Index last) {
    const Stage& stage = pattern_.chain[i];
    const StageState& state = sweeps_.stage(i);
    const int q = Small<Q>::size(stage.q);
    const std::size_t size = at(q * k_);
    const double* c_diagonal = sweeps_.c_diagonal(i);
    std::vector<double> own(size);
    for (Index level = first; level < last; ++level) {
      const std::size_t block = at(level) * at(q) * at(q);
      const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
      double* e = &e_[at(stage.group)][at(level) * size];
      double* b = &b_[at(stage.group)][at(level) * size];
      const double* v = v_of(stage.group, level, q);
      std::fill_n(b, size, 0.0);
      add_square<Q>(q, 1.0, &state.p[block], false, e, k_, b);
      if (v != nullptr) {
        add_square<Q>(q, 1.0, &state.f[block], true, v, k_, b);
        add_square<Q>(q, -1.0, c_diagonal + block, false, v, k_, e);
      }
      std::copy_n(e, size, own.data());
      std::fill_n(e, size, 0.0);
      add_square<Q>(q, 1.0, &state.f[block], false, own.data(), k_, e);
      const double* h = &state.h[from];
      const double* u = &state.u[from];
      for_rest(i, level, b_, tail_.b, [&](int column, const double* known, int stride) {
        for (int c = 0; c < k_; ++c) {
          const double value = known[c * stride];
          for (int a = 0; a < q; ++a) {
            e[a + c * q] -= u[column * q + a] * value;
            b[a + c * q] -= h[column * q + a] * value;
          }
        }
      });
    }
  }

  void solve_tail() {
    const TailState& tail = sweeps_.tail();
    Matrix b = tail_.r.transpose();
    const std::vector<Matrix>& lambda = sweeps_.lambda();
    std::vector<Matrix> transposed;
    for (const Matrix& l : lambda) transposed.push_back(l.transpose());
    if (!tail.c.empty()) {
      const auto c_times = [&](const Matrix& x) {
        return by_column(pattern_, tail.c.times(in_order(pattern_, x)));
      };
      const Matrix r = b;
      Matrix v;
      if (v_ != nullptr) {
        v = tail_.v.transpose();
        b -= c_times(v);
      }
      b = sweeps_.tail_p_times(b);
      if (v_ != nullptr) b += v;
      put_tail(r - c_times(b), b);
      return;
    }
    // w = M^-1 (Lambda'r + Lambda^-1 v), b = Lambda w, e = Lambda^-T (w - Lambda^-1 v).
    lambda_transposed_times(pattern_, lambda, b);
    Matrix scaled;
    if (v_ != nullptr) {
      std::vector<Matrix> inverse(lambda.size());
      for (const TailGroup& group : pattern_.tail) {
        inverse[at(group.group)] = inverse_of_lower(lambda[at(group.group)]).transpose();
      }
      scaled = tail_.v.transpose();
      lambda_transposed_times(pattern_, inverse, scaled);
      b += scaled;
    }
    b = in_order(pattern_, b);
    tail.factor.solve(b, false);
    tail.factor.solve(b, true);
    b = by_column(pattern_, b);
    Matrix e = b;
    if (v_ != nullptr) e -= scaled;
    std::vector<Matrix> inverse(lambda.size());
    for (const TailGroup& group : pattern_.tail) {
      inverse[at(group.group)] = inverse_of_lower(lambda[at(group.group)]);
    }
    lambda_transposed_times(pattern_, inverse, e);
    lambda_transposed_times(pattern_, transposed, b);
    put_tail(e, b);
  }

  void put_tail(const Matrix& e, const Matrix& b) {
    tail_.e = e.transpose();
    tail_.b = b.transpose();
    put(tail_.e, e_);
    put(tail_.b, b_);
  }

  const Sweeps& sweeps_;
  const Pattern& pattern_;
  int k_;
  const Effects* v_;
  Effects& e_;
  Effects& b_;
  int threads_;
  TailColumns tail_;
};

}  // namespace

Effects zero_effects(const Pattern& pattern, int columns) {
  Effects out(at(pattern.n_groups));
  for (std::size_t g = 0; g < out.size(); ++g) {
    out[g].assign(at(pattern.n_levels[g]) * at(pattern.q[g] * columns), 0.0);
  }
  return out;
}

double inner(const Effects& a, const Effects& b) {
  double sum = 0.0;
  for (std::size_t g = 0; g < a.size(); ++g) {
    double own = 0.0;
    for (std::size_t k = 0; k < a[g].size(); ++k) own += a[g][k] * b[g][k];
    sum += own;
  }
  return sum;
}

void times_covariance(const Pattern& pattern, const std::vector<Matrix>& d, int columns,
                      const Effects& a, Effects& out) {
  out.resize(a.size());
  for (std::size_t g = 0; g < a.size(); ++g) {
    out[g].assign(a[g].size(), 0.0);
    const int q = pattern.q[g];
    with_size(q, [&](auto size) {
      constexpr int kQ = decltype(size)::value;
      for (Index level = 0; level < pattern.n_levels[g]; ++level) {
        const std::size_t place = at(level) * at(q * columns);
        add_square<kQ>(q, 1.0, d[g].data(), false, &a[g][place], columns, &out[g][place]);
      }
    });
  }
}

// `lambda_transposed_times` with other matrices in place of Lambda multiplies by their transposes.
void solve_levels(const Sweeps& sweeps, int columns, const Effects& r, const Effects* v, Effects& e,
                  Effects& b, int threads) {
  LevelSolve(sweeps, columns, r, v, e, b, threads).run();
}

}  // namespace ranef
