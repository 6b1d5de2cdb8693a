#include "iterative/traces.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/SVD>

#include "iterative/level_kernels.hpp"
#include "iterative/sign_variance.hpp"
#include "linalg/philox.hpp"
#include "linalg/products.hpp"
#include "linalg/small.hpp"

namespace ranef {

namespace {

constexpr std::uint32_t kLevelSigns = 0x53;  // purpose of random numbers (philox.hpp)

// out[k] (rows x columns) += sum over levels of a b' for column k of blocks side by side.
template <int W>
void add_outer_sums(Index levels, int rows, const double* a, int columns, const double* b,
                    double* out) {
  for (Index level = 0; level < levels; ++level, a += rows * W, b += columns * W) {
    for (int c = 0; c < columns; ++c) {
      for (int r = 0; r < rows; ++r) {
        double* to = out + (r + c * rows) * W;
        for (int k = 0; k < W; ++k) to[k] += a[r * W + k] * b[c * W + k];
      }
    }
  }
}

// The same as matrices, one for each of `count` columns.
std::vector<Matrix> outer_sums(int width, Index count, Index levels, int rows, const double* a,
                               int columns, const double* b) {
  std::vector<double> sums(at(rows * columns * width), 0.0);
  with_width(width, [&](auto size) {
    add_outer_sums<decltype(size)::value>(levels, rows, a, columns, b, sums.data());
  });
  std::vector<Matrix> out;
  for (Index k = 0; k < count; ++k) {
    Matrix own(rows, columns);
    for (Index i = 0; i < own.size(); ++i) own(i) = sums[at(i * width + k)];
    out.push_back(std::move(own));
  }
  return out;
}

// out = m' v by place, for m (q x r) and v (q x width by place).
HugeVector along(const Matrix& m, Index levels, int width, const double* v) {
  const auto q = static_cast<int>(m.rows());
  const auto r = static_cast<int>(m.cols());
  HugeVector out(at(levels * r * width), 0.0);
  with_width(width, [&](auto size) {
    constexpr int kW = decltype(size)::value;
    for (Index level = 0; level < levels; ++level) {
      add_transposed_times<kW>(1.0, m.data(), q, r, v + level * q * kW, &out[at(level * r * kW)]);
    }
  });
  return out;
}

Matrix symmetric(const Matrix& a) { return 0.5 * (a + a.transpose()); }

}  // namespace

Traces::Estimate Traces::nothing() const {
  Estimate out;
  for (const TailRun& run : lists_.tail.runs) out.tail.push_back(Matrix::Zero(run.q, run.q));
  for (const ChainLevels& own : lists_.chain) out.chain.push_back(Matrix::Zero(own.q, own.q));
  return out;
}

// Directions w of a tail factor's D = W Sigma^2 W' in which Sigma^2 times the information of a
// usual level is small count as null.
void Traces::find_bases() {
  constexpr double kNull = 0.02;
  bases_.clear();
  for (std::size_t r = 0; r < lists_.tail.runs.size(); ++r) {
    const TailRun& run = lists_.tail.runs[r];
    const int q = run.q;
    Matrix mean = Matrix::Zero(q, q);
    for (Index place = 0; place < run.n_levels; ++place) {
      mean += Eigen::Map<const Matrix>(&s_.c_blocks()[r][at(place * q * q)], q, q);
    }
    mean /= static_cast<double>(run.n_levels);
    const Eigen::JacobiSVD<Matrix> svd(s_.lambda()[at(run.group)],
                                       Eigen::ComputeFullU | Eigen::ComputeFullV);
    Basis basis;
    Index regular = 0;  // singular values descend
    while (regular < q) {
      const double sigma = svd.singularValues()(regular);
      const Vector w = svd.matrixU().col(regular);
      if (!(sigma * sigma * w.dot(mean * w) > kNull)) break;
      ++regular;
    }
    basis.regular = svd.matrixU().leftCols(regular);
    basis.null = svd.matrixU().rightCols(q - regular);
    basis.root = svd.matrixV().leftCols(regular);
    for (Index k = 0; k < regular; ++k) basis.root.col(k) /= svd.singularValues()(k);
    bases_.push_back(std::move(basis));
  }
}

// What needs no probe: information about tail and chain factors, by group.
std::vector<Matrix> Traces::exact() {
  std::vector<Matrix> out(lists_.tail.runs.size() + lists_.chain.size());
  for (std::size_t r = 0; r < lists_.tail.runs.size(); ++r) {
    const TailRun& run = lists_.tail.runs[r];
    const int q = run.q;
    Matrix sum = Matrix::Zero(q, q);
    for (Index place = 0; place < run.n_levels; ++place) {
      const std::size_t block = at(place * q * q);
      sum += Eigen::Map<const Matrix>(&s_.f_blocks()[r][block], q, q)
                 .lazyProduct(Eigen::Map<const Matrix>(&s_.c_blocks()[r][block], q, q));
    }
    out[at(run.group)] = symmetric(sum);
  }
  const std::vector<HugeVector>& joint = chain_.joint();
  for (std::size_t i = 0; i < lists_.chain.size(); ++i) {
    const ChainLevels& own = lists_.chain[i];
    const int q = own.q;
    int above = 0;
    for (std::size_t k = i + 1; k < lists_.chain.size(); ++k) above += lists_.chain[k].q;
    std::array<Matrix, kStrips> parts;
    run_tasks(kStrips, columns_.threads(), [&](Index s) {
      Matrix& sum = parts[at(s)];
      sum.setZero(q, q);
      Matrix inner(q, q);
      Matrix b(q, above);
      for (Index level = own.strips[at(s)]; level < own.strips[at(s) + 1]; ++level) {
        inner.setZero();
        for (std::size_t r = 0; r < own.lists.size(); ++r) {
          const LevelList& list = own.lists[r];
          const double* values = chain_.values(i, r);
          const double* p = s_.p_blocks()[r].data();
          const auto from = at(list.start[at(level)]);
          const auto to = at(list.start[at(level) + 1]);
          if (values == nullptr) {
            for (std::size_t e = from; e < to; ++e) inner(0, 0) += p[list.place[e]];
            continue;
          }
          const int columns = list.q_tail;
          if (q == 1 && columns == 1) {
            for (std::size_t e = from; e < to; ++e) {
              inner(0, 0) += values[e] * values[e] * p[list.place[e]];
            }
            continue;
          }
          for (std::size_t e = from; e < to; ++e) {
            const Eigen::Map<const Matrix> block(values + e * at(q * columns), q, columns);
            const Eigen::Map<const Matrix> own_p(p + Index{list.place[e]} * columns * columns,
                                                 columns, columns);
            inner += block.lazyProduct(own_p).lazyProduct(block.transpose());
          }
        }
        if (above > 0) {
          Index column = 0;
          for (std::size_t k = 0; k < own.parent.size(); ++k) {
            const int width = lists_.chain[i + 1 + k].q;
            b.middleCols(column, width) =
                Eigen::Map<const Matrix>(chain_.to_parent(i, k) + level * q * width, q, width);
            column += width;
          }
          const Index up = own.parent[0][at(level)];
          const Eigen::Map<const Matrix> w(&joint[i + 1][at(up * above * above)], above, above);
          inner += b.lazyProduct(w).lazyProduct(b.transpose());
        }
        const Eigen::Map<const Matrix> f(chain_.f(i) + level * q * q, q, q);
        sum += f.lazyProduct(Eigen::Map<const Matrix>(chain_.c(i) + level * q * q, q, q));
        sum -= f.lazyProduct(inner).lazyProduct(f.transpose());
      }
    });
    Matrix whole = parts[0];
    for (std::size_t s = 1; s < parts.size(); ++s) whole += parts[s];
    out[at(own.group)] = symmetric(whole);
  }
  return out;
}

void Traces::tail_part(int width, Index count, const HugeVector& b, const Krylov& solved,
                       std::vector<Estimate>& out) {
  HugeVector change(b.size());
  for (std::size_t i = 0; i < b.size(); ++i) change[i] = solved.x[i] - b[i];
  HugeVector left(b.size());
  HugeVector right(b.size());
  s_.k_inverse_transposed_times(width, change.data(), left.data());
  s_.k_inverse_transposed_times(width, b.data(), right.data());
  HugeVector product;  // C G (x~ - b), where it is asked for
  for (std::size_t r = 0; r < lists_.tail.runs.size(); ++r) {
    const TailRun& run = lists_.tail.runs[r];
    const int q = run.q;
    const Basis& basis = bases_[r];
    const Index regular = basis.regular.cols();
    if (regular == 0) continue;
    const Index row = run.offset * width;
    const HugeVector w = along(basis.root, run.n_levels, width, &right[at(row)]);
    const HugeVector y = along(basis.root, run.n_levels, width, &left[at(row)]);
    const auto size = static_cast<int>(regular);
    const std::vector<Matrix> t =
        outer_sums(width, count, run.n_levels, size, y.data(), size, w.data());
    for (Index k = 0; k < count; ++k) {
      out[at(k)].tail[r] += congruent(basis.regular, symmetric(t[at(k)]));
    }
    if (basis.null.cols() == 0) continue;
    s_.g_times(width, change.data(), left.data());
    if (product.empty()) {
      product.resize(b.size());
      s_.op().apply(width, left.data(), product.data());
    }
    HugeVector n(at(run.columns() * width), 0.0);
    with_width(width, [&](auto wide) {
      constexpr int kW = decltype(wide)::value;
      std::vector<double> off(at(q * kW));
      for (Index place = 0; place < run.n_levels; ++place) {
        const std::size_t block = at(place * q * q);
        const std::size_t at_place = at(row + place * q * kW);
        std::copy_n(&product[at_place], q * kW, off.begin());
        add_times<kW>(-1.0, &s_.c_blocks()[r][block], q, q, &left[at_place], off.data());
        add_times<kW>(-1.0, &s_.f_blocks()[r][block], q, q, off.data(), &n[at(place * q * kW)]);
      }
    });
    const HugeVector n0 = along(basis.null, run.n_levels, width, n.data());
    const std::vector<Matrix> cross = outer_sums(
        width, count, run.n_levels, static_cast<int>(basis.null.cols()), n0.data(), size, w.data());
    for (Index k = 0; k < count; ++k) {
      const Matrix half =
          times(times(basis.null, cross[at(k)]), Form::kPlain, basis.regular, Form::kTransposed);
      out[at(k)].tail[r] += half + half.transpose();
    }
    s_.k_inverse_transposed_times(width, change.data(), left.data());
  }
}

void Traces::chain_part(int width, Index count, const HugeVector& b, const Krylov& solved,
                        std::vector<Estimate>& out) {
  HugeVector v1(b.size());
  HugeVector v0(b.size());
  s_.g_times(width, solved.x.data(), v1.data());
  s_.g_times(width, b.data(), v0.data());
  const std::size_t stages = lists_.chain.size();
  std::vector<HugeVector> h1(stages);
  std::vector<HugeVector> h0(stages);
  HugeVector a1;
  HugeVector a0;
  HugeVector own_tail;
  for (std::size_t i = stages; i-- > 0;) {
    const ChainLevels& own = lists_.chain[i];
    const int q = own.q;
    std::vector<const HugeVector*> parents1;
    std::vector<const HugeVector*> parents0;
    for (std::size_t k = i + 1; k < stages; ++k) {
      parents1.push_back(&h1[k]);
      parents0.push_back(&h0[k]);
    }
    columns_.pull_rest(i, width, parents1, v1, a1);
    columns_.pull_rest(i, width, parents0, v0, a0);
    const bool nested = !parents0.empty();
    if (nested) columns_.pull_rest(i, width, {}, v0, own_tail);
    if (i > 0) {
      h1[i] = columns_.p_times(i, width, a1);
      h0[i] = columns_.p_times(i, width, a0);
      for (double& value : h1[i]) value = -value;
      for (double& value : h0[i]) value = -value;
    }
    std::array<std::vector<double>, kStrips> parts;
    with_width(width, [&](auto size) {
      constexpr int kW = decltype(size)::value;
      run_tasks(kStrips, columns_.threads(), [&](Index s) {
        std::vector<double>& sum = parts[at(s)];
        sum.assign(at(q * q * kW), 0.0);
        std::vector<double> u1(at(q * kW));
        std::vector<double> u0(at(q * kW));
        std::vector<double> ut(at(q * kW));
        for (Index level = own.strips[at(s)]; level < own.strips[at(s) + 1]; ++level) {
          const double* f = chain_.f(i) + level * q * q;
          const std::size_t row = at(level * q * kW);
          std::fill(u1.begin(), u1.end(), 0.0);
          std::fill(u0.begin(), u0.end(), 0.0);
          add_times<kW>(1.0, f, q, q, &a1[row], u1.data());
          add_times<kW>(1.0, f, q, q, &a0[row], u0.data());
          if (nested) {
            std::fill(ut.begin(), ut.end(), 0.0);
            add_times<kW>(1.0, f, q, q, &own_tail[row], ut.data());
          } else {
            ut = u0;
          }
          for (int c = 0; c < q; ++c) {
            for (int r = 0; r < q; ++r) {
              double* to = &sum[at((r + c * q) * kW)];
              for (int k = 0; k < kW; ++k) {
                const auto x = at(r * kW + k);
                const auto y = at(c * kW + k);
                to[k] += 0.5 * (u1[x] * u0[y] + u0[x] * u1[y]) - ut[x] * ut[y];
              }
            }
          }
        }
      });
    });
    for (Index k = 0; k < count; ++k) {
      Matrix& to = out[at(k)].chain[i];
      for (const std::vector<double>& part : parts) {
        for (Index c = 0; c < to.size(); ++c) to(c) += part[at(c * width + k)];
      }
    }
  }
}

// Directions next to without spread: signs by level, and a solve for each.
bool Traces::null_part(const Probes& probes, const KrylovControl& control,
                       std::vector<Estimate>& out) {
  const auto directions = static_cast<std::size_t>(probes.directions());
  for (std::size_t r = 0; r < bases_.size(); ++r) {
    const TailRun& run = lists_.tail.runs[r];
    const int q = run.q;
    const Index nulls = bases_[r].null.cols();
    if (nulls == 0) continue;
    const int width = width_for(nulls);
    const Index rows = lists_.tail.columns * width;
    for (Index probe = 0; probe < probes.signs(); ++probe) {
      Stream stream(probes.seed(), static_cast<std::uint64_t>(probe),
                    kLevelSigns + static_cast<std::uint32_t>(r));
      Matrix sum = Matrix::Zero(nulls, nulls);
      std::vector<HugeVector> right;
      for (Index first = 0; first < nulls; first += width) {
        HugeVector zeta(at(rows), 0.0);
        HugeVector g(at(rows));
        Stream own = stream;
        for (Index place = 0; place < run.n_levels; ++place) {
          const double sign = (own.bits() >> 63) != 0 ? 1.0 : -1.0;
          const Eigen::Map<const Matrix> f(&s_.f_blocks()[r][at(place * q * q)], q, q);
          for (Index k = first; k < std::min<Index>(nulls, first + width); ++k) {
            const Vector fw = f.transpose() * bases_[r].null.col(k);
            for (int a = 0; a < q; ++a) {
              zeta[at((run.offset + place * q + a) * width + k - first)] = sign * fw(a);
            }
          }
        }
        s_.op().apply(width, zeta.data(), g.data());
        with_width(width, [&](auto wide) {
          constexpr int kW = decltype(wide)::value;
          for (Index place = 0; place < run.n_levels; ++place) {
            const std::size_t row = at((run.offset + place * q) * kW);
            add_times<kW>(-1.0, &s_.c_blocks()[r][at(place * q * q)], q, q, &zeta[row], &g[row]);
          }
        });
        s_.g_transposed_times(width, g.data(), g.data());
        right.push_back(std::move(g));
      }
      std::vector<HugeVector> solved;
      Krylov found;
      for (const HugeVector& g : right) {
        conjugate_gradients(s_, width, g, control, found);
        if (!found.fine) return false;
        iterations_ = std::max(iterations_, found.iterations);
        solved.push_back(found.x);
      }
      sum = symmetric(products(right, solved, width, nulls, nulls));
      out[directions + at(probe)].tail[r] += congruent(bases_[r].null, sum);
    }
  }
  return true;
}

void Traces::collect(const std::vector<Matrix>& exact, const Probes& probes,
                     const std::vector<Estimate>& all, const std::vector<double>& logs) {
  const auto directions = static_cast<std::size_t>(probes.directions());
  const auto less = [&](const Estimate& own, double share, std::vector<Matrix>& to) {
    for (std::size_t r = 0; r < own.tail.size(); ++r) {
      to[at(lists_.tail.runs[r].group)] -= share * own.tail[r];
    }
    for (std::size_t i = 0; i < own.chain.size(); ++i) {
      to[at(lists_.chain[i].group)] -= share * own.chain[i];
    }
  };
  std::vector<Matrix> base = exact;
  double log_base = 0.0;
  for (std::size_t k = 0; k < directions; ++k) {
    less(all[k], 1.0, base);
    log_base += logs[k];
  }
  const double share = 1.0 / static_cast<double>(std::max<Index>(1, probes.signs()));
  information_ = base;
  log_determinant_ = log_base;
  informations_.clear();
  by_probe_.clear();
  for (std::size_t k = directions; k < all.size(); ++k) {
    less(all[k], share, information_);
    log_determinant_ += share * logs[k];
    informations_.push_back(base);
    less(all[k], 1.0, informations_.back());
    by_probe_.push_back(log_base + logs[k]);
  }
}

bool Traces::estimate(const Probes& probes, const KrylovControl& control) {
  find_bases();
  iterations_ = 0;
  double nearest = std::numeric_limits<double>::infinity();  // |1 - lambda| of a column of U
  rest_ = 0.0;
  std::vector<Estimate> all(at(probes.size()), nothing());
  std::vector<double> logs(all.size(), 0.0);
  const Index rows = s_.columns();
  Krylov solved;
  SignVariance variance(rows);
  HugeVector product;  // S~ b, for columns of signs
  for (Index first = 0; first < probes.size();) {
    const int width = width_for(probes.size() - first);
    const Index count = std::min<Index>(width, probes.size() - first);
    const HugeVector b = probes.block(first, width, rows);
    conjugate_gradients(s_, width, b, control, solved);
    if (!solved.fine) return false;
    iterations_ = std::max(iterations_, solved.iterations);
    if (first + count > probes.directions()) {
      product.resize(b.size());
      s_.apply(width, b.data(), product.data());
    }
    std::vector<Estimate> own(at(count), nothing());
    tail_part(width, count, b, solved, own);
    chain_part(width, count, b, solved, own);
    for (Index k = 0; k < count; ++k) {
      double size = 0.0;
      for (Index i = 0; i < rows; ++i) size += b[at(i * width + k)] * b[at(i * width + k)];
      const Tridiagonal& t = solved.lanczos[at(k)];
      const LogSums sums = log_less_first_order(t);
      logs[at(first + k)] = size * sums.value;
      if (!std::isfinite(logs[at(first + k)])) return false;
      if (first + k < probes.directions()) {
        if (!t.diagonal.empty()) nearest = std::min(nearest, std::abs(1.0 - t.diagonal[0]));
      } else {
        double squares = 0.0;
        Vector dz(rows);
        for (Index i = 0; i < rows; ++i) {
          const std::size_t row = at(i * width + k);
          const double change = solved.x[row] - b[row];
          squares += change * change;
          dz(i) = product[row] - b[row] + change;
        }
        rest_ += squares / static_cast<double>(probes.signs());
        probes.take_out(dz);
        variance.add(probes.signs(first + k - probes.directions(), rows), dz, size * sums.second,
                     size * sums.fourth);
      }
      all[at(first + k)] = std::move(own[at(k)]);
    }
    first += width;
  }
  log_error_ = std::sqrt(variance.of_mean());
  log_df_ = variance.degrees_of_freedom();
  // Eigenvalues beyond are no farther from 1, at worst below it.
  const double farthest = nearest / (1.0 - nearest);
  most_each_ = nearest < 1.0 ? farthest * farthest : std::numeric_limits<double>::infinity();
  if (!null_part(probes, control, all)) return false;
  collect(exact(), probes, all, logs);
  return true;
}

}  // namespace ranef
