#include "structure/unstructured.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "linalg/decompose.hpp"
#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"

namespace ranef {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Whether no eigenvalue of T T' for a lower triangular T can be below limit max(1, the largest
// one). The smallest singular value is at least |det T| (k / |T|^2)^(k/2) with k = q - 1: the
// others are at most as in a matrix of equal ones.
bool clearly_regular(const Matrix& t, double limit) {
  const Index q = t.rows();
  const double size = t.squaredNorm();
  double bound = t.diagonal().array().square().prod();
  for (Index k = 1; k < q; ++k) bound *= static_cast<double>(q - 1) / size;
  return bound > 2.0 * limit * std::max(1.0, size);
}

// Smallest eigenvalue of Gamma on the null space, both on the data's scale: v'D v = 0 on the inner
// scale for v in the null space, on the data's scale for B^-T v.
double dual_in_data_units(const Matrix& base, const Matrix& gamma, const Matrix& null) {
  const Matrix inverse = inverse_of(base);
  const Matrix outer = congruent_transposed(inverse, gamma);
  const Matrix basis = orthonormal(times(inverse, Form::kTransposed, null));
  return spectrum_of(congruent_transposed(basis, outer)).least();
}

// The steepest way out on a null space.
Way steepest(const Matrix& null, const Matrix& gamma) {
  const Spectrum spectrum = spectrum_of(congruent_transposed(null, gamma));
  Way way;
  way.v = null * spectrum.vectors.col(0);
  way.e = way.v * way.v.transpose();
  way.slope = spectrum.least();
  return way;
}

// Lower triangle of a covariance whose rank is known: rounding is not taken for variance.
Matrix ranked(const Matrix& s, int rank) {
  const Matrix t = semidefinite_cholesky(s, 1e-12);
  const auto found = static_cast<int>((t.diagonal().array() != 0.0).count());
  if (rank == s.rows() || found <= rank) return t;
  const Spectrum spectrum = spectrum_of(s);
  Vector values = spectrum.values;
  values.head(s.rows() - rank).setZero();
  return semidefinite_cholesky(congruent_diagonal(spectrum.vectors, values), 1e-9);
}

class TrapezoidFace : public TermFace {
 public:
  TrapezoidFace(const Unstructured& structure, const Matrix& t) : structure_(structure) {
    covariance_ = outer_gram(t);
    order_.resize(at(t.rows()));
    std::iota(order_.begin(), order_.end(), 0);
    const int rank = rank_of(t, null_);
    if (rank == t.rows()) {
      root_ = t;
    } else {
      pivoted_root(t, rank, order_, root_);
    }
    for (int column = 0; column < rank; ++column) {
      for (int row = column; row < q(); ++row) entries_.push_back({row, column});
    }
  }

  int size() const override { return static_cast<int>(entries_.size()); }
  int rank() const override { return static_cast<int>(root_.cols()); }

  std::vector<std::pair<int, int>> coordinates() const override {
    std::vector<std::pair<int, int>> out;
    for (const Entry& entry : entries_) {
      out.emplace_back(order_[at(entry.row)], order_[at(entry.column)]);
    }
    return out;
  }

  Matrix null_space() const override { return null_; }

  Matrix root() const override {
    Matrix out(q(), rank());
    for (int i = 0; i < q(); ++i) out.row(order_[at(i)]) = root_.row(i);
    return out;
  }

  std::vector<Matrix> directions() const override {
    std::vector<Matrix> out;
    for (const Entry& entry : entries_) {
      Matrix d = Matrix::Zero(q(), q());
      for (int i = 0; i < q(); ++i) {
        d(order_[at(entry.row)], order_[at(i)]) = root_(i, entry.column);
      }
      d += d.transpose().eval();
      out.push_back(std::move(d));
    }
    return out;
  }

  // 2 Gamma T.
  Vector gradient(const Matrix& gamma) const override {
    Vector out(size());
    for (Index k = 0; k < size(); ++k) {
      const Entry& entry = entries_[at(k)];
      double sum = 0.0;
      for (int i = 0; i < q(); ++i) {
        sum += gamma(order_[at(entry.row)], order_[at(i)]) * root_(i, entry.column);
      }
      out(k) = 2.0 * sum;
    }
    return out;
  }

  // D is quadratic in T: 2 Gamma between entries of one column.
  Matrix bend(const Matrix& gamma) const override {
    Matrix out = Matrix::Zero(size(), size());
    for (Index s = 0; s < size(); ++s) {
      for (Index t = 0; t < size(); ++t) {
        const Entry& a = entries_[at(s)];
        const Entry& b = entries_[at(t)];
        if (a.column == b.column) out(s, t) = 2.0 * gamma(order_[at(a.row)], order_[at(b.row)]);
      }
    }
    return out;
  }

  Vector scales() const override {
    Vector out(size());
    for (Index k = 0; k < size(); ++k) {
      const int i = order_[at(entries_[at(k)].row)];
      out(k) = std::max(std::sqrt(covariance_(i, i)), 1e-2);
    }
    return out;
  }

  std::vector<Way> ways_out(const Matrix& gamma) const override {
    if (!has_ways_out()) return {};
    return {steepest(null_, gamma)};
  }

  double dual(const Matrix& gamma, const Matrix& base) const override {
    return has_ways_out() ? dual_in_data_units(base, gamma, null_) : kNaN;
  }

  double complementarity(const Matrix& gamma) const override {
    return times(covariance_, gamma).cwiseAbs().maxCoeff();
  }

  std::unique_ptr<TermFace> shifted(const Vector& step) const override {
    auto out = std::make_unique<TrapezoidFace>(*this);
    out->root_ = root_after(step);
    return out;
  }

  Vector moved(const Vector& step, const std::vector<Leave>& leaves) const override {
    const Matrix root = root_after(step);
    if (rank() == q()) return structure_.entries(root);
    const Matrix product = outer_gram(root);
    Matrix d(q(), q());
    for (int a = 0; a < q(); ++a) {
      for (int b = 0; b < q(); ++b) d(order_[at(a)], order_[at(b)]) = product(a, b);
    }
    for (const Leave& leave : leaves) {
      d += leave.size * leave.way.v * leave.way.v.transpose();
    }
    return structure_.of_covariance(d, 1e-14);
  }

 private:
  struct Entry {
    int row;
    int column;
  };

  Matrix root_after(const Vector& step) const {
    Matrix root = root_;
    for (Index k = 0; k < size(); ++k) {
      root(entries_[at(k)].row, entries_[at(k)].column) += step(k);
    }
    return root;
  }

  int q() const { return static_cast<int>(order_.size()); }
  bool has_ways_out() const { return rank() < structure_.most_rank(); }

  const Unstructured& structure_;
  std::vector<int> order_;  // rows with independent ones first
  Matrix root_;             // q x rank lower trapezoid in that order
  Matrix null_;             // q x (q - rank), orthonormal
  std::vector<Entry> entries_;
};

}  // namespace

void Unstructured::root(const double* x, Eigen::Ref<Matrix> t) const {
  for (int b = 0; b < columns_; ++b) {
    for (int a = b; a < q(); ++a) t(a, b) = *x++;
  }
}

void Unstructured::gradient(const double* x, const Matrix& gamma, double* out) const {
  for (int b = 0; b < columns_; ++b) {
    for (int a = b; a < q(); ++a) {
      double sum = 0.0;
      for (int i = b; i < q(); ++i) sum += gamma(a, i) * x[i - b];
      *out++ = 2.0 * sum;
    }
    x += q() - b;
  }
}

void Unstructured::directions(const double* x, std::vector<Matrix>& out) const {
  out.resize(at(size()));
  std::size_t k = 0;
  for (int b = 0; b < columns_; ++b) {
    for (int a = b; a < q(); ++a) {
      Matrix& d = out[k++];
      d.setZero(q(), q());
      for (int i = b; i < q(); ++i) {
        d(a, i) += x[i - b];
        d(i, a) += x[i - b];
      }
    }
    x += q() - b;
  }
}

// D is quadratic in T: 2 Gamma between entries of one column.
void Unstructured::add_bend(const double*, const Matrix& gamma, Eigen::Ref<Matrix> h) const {
  Index from = 0;
  for (int b = 0; b < columns_; ++b) {
    const Index length = q() - b;
    h.block(from, from, length, length) += 2.0 * gamma.block(b, b, length, length);
    from += length;
  }
}

Vector Unstructured::entries(const Matrix& t) const {
  Vector out(size());
  Index k = 0;
  for (int b = 0; b < columns_; ++b) {
    for (int a = b; a < q(); ++a) out(k++) = t(a, b);
  }
  return out;
}

Vector Unstructured::of_covariance(const Matrix& d, double tolerance) const {
  if (columns_ == q()) return entries(semidefinite_cholesky(d, tolerance));
  const Spectrum spectrum = spectrum_of(d);
  Vector values = spectrum.values.cwiseMax(0.0);
  values.head(q() - columns_).setZero();
  const Matrix t = semidefinite_cholesky(congruent_diagonal(spectrum.vectors, values),
                                         std::max(tolerance, 1e-10));
  // A column of zeros is a row that adds no dimension: the others move up.
  Matrix packed = Matrix::Zero(q(), columns_);
  int column = 0;
  for (int b = 0; b < q() && column < columns_; ++b) {
    if (t(b, b) != 0.0) packed.col(column++) = t.col(b);
  }
  return entries(packed);
}

Vector Unstructured::nearest(const Matrix& d) const { return of_covariance(d, 1e-12); }

Vector Unstructured::canonical(const Vector& x) const {
  Vector out = x;
  Index from = 0;
  for (int b = 0; b < columns_; ++b) {
    const Index length = q() - b;
    // The first entry that is not zero tells the sign of the column.
    for (Index k = from; k < from + length; ++k) {
      if (out(k) < 0.0) out.segment(from, length) *= -1.0;
      if (out(k) != 0.0) break;
    }
    from += length;
  }
  return out;
}

Vector Unstructured::on_scale(const Vector& x, const Matrix& base) const {
  const Matrix t = Structure::root(x);
  const Matrix d = outer_gram(times(base, t));
  if (columns_ < q()) return canonical(of_covariance(d, 1e-12));
  return entries(ranked(d, static_cast<int>((t.diagonal().array() != 0.0).count())));
}

Vector Unstructured::settled(const Vector& x, double limit, int most, int& lost) const {
  lost = 0;
  const Matrix t = Structure::root(x);
  if (columns_ == q() && clearly_regular(t, limit)) return x;
  const Spectrum spectrum = spectrum_of(outer_gram(t));
  Vector values = spectrum.values;
  const double scale = std::max(1.0, values(values.size() - 1));
  const int first = q() - columns_;  // of those that may be there
  while (lost < std::min(most, columns_) && values(first + lost) < limit * scale) ++lost;
  if (lost == 0) return x;
  values.head(first + lost).setZero();
  return of_covariance(congruent_diagonal(spectrum.vectors, values), 1e-10);
}

std::vector<Way> Unstructured::ways_out(const Vector& x, const Matrix& gamma, double limit) const {
  const Matrix t = Structure::root(x);
  if (columns_ == q() && clearly_regular(t, limit)) return {};
  const Spectrum spectrum = spectrum_of(outer_gram(t));
  const double scale = std::max(1.0, spectrum.values(q() - 1));
  int null = 0;
  while (null < q() && spectrum.values(null) < limit * scale) ++null;
  if (null <= q() - columns_) return {};
  return {steepest(spectrum.vectors.leftCols(null), gamma)};
}

Vector Unstructured::leave(const Vector& x, const Way& way, double t) const {
  const Matrix d = outer_gram(Structure::root(x)) + t * way.v * way.v.transpose();
  return of_covariance(d, 1e-14);
}

std::unique_ptr<TermFace> Unstructured::face(const Vector& x) const {
  return std::make_unique<TrapezoidFace>(*this, Structure::root(x));
}

}  // namespace ranef
