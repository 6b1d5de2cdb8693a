#include "marginal/louis.hpp"

#include <algorithm>
#include <cmath>

#include "marginal/level_modes.hpp"
#include "marginal/lower_triangle.hpp"

namespace ranef {

namespace {

template <int Q>
class Louis {
 public:
  static constexpr int kPairs = Q * (Q + 1) / 2;
  static constexpr int kMoments = 1 + Q + kPairs;  // of 1, u and uu'

  Louis(LevelRun<Q>& run, const ProductRule& rule, bool rest, Matrix& sum)
      : run_(run),
        rule_(rule),
        rest_(rest),
        sum_(sum),
        lower_(Q),
        first_rest_(kPairs + run.all().coefficients),
        size_(first_rest_ + (rest ? kPairs : 0)),
        node_(run.n()),
        mass_(at(run.levels()), 0.0),
        scores_(at(run.levels()), Vector::Zero(size_)),
        products_(at(run.levels()), Matrix::Zero(size_, size_)),
        by_eta_(at(run.n() * kMoments), 0.0) {
    node_.eta(0, rest ? 4 : 2).psi(run.channels(), 0, rest ? 2 : 1).psi2(run.channels());
    for (std::size_t k = 0; k < run.channels(); ++k) by_psi_[k].resize(at(run.n() * (1 + Q)));
    for (auto& pair : by_psi2_) pair.resize(run.channels() > 0 ? at(run.n()) : 0);
  }

  bool add(const double* u) {
    DerivativeArrays mode(run_.n());
    mode.eta(0, 2);
    if (!stand_at_modes<Q>(run_, u, RowOrder::kPass, mode, peaks_)) return false;
    for (Index k = 0; k < rule_.nodes.cols(); ++k) {
      if (!add_node(k)) return false;
    }
    for (Index j = 0; j < run_.levels(); ++j) {
      const double share = 1.0 / mass_[at(j)];
      const Vector mean = share * scores_[at(j)];
      sum_ += share * products_[at(j)] - mean * mean.transpose();
      for (Index i = run_.from(j); i < run_.to(j); ++i) add_row(i, share);
    }
    return sum_.allFinite();
  }

 private:
  struct Node {
    double u[Q];
    double dual[Q] = {};
    double term;
  };

  bool add_node(Index k) {
    std::vector<Node>& nodes = nodes_;
    nodes.assign(at(run_.levels()), {});
    for (Index j = 0; j < run_.levels(); ++j) {
      double* u = nodes[at(j)].u;
      apply<Q>(peaks_[at(j)].root.data(), rule_.nodes.col(k).data(), u);
      for (int a = 0; a < Q; ++a) u[a] += peaks_[at(j)].u[at(a)];
      run_.place(j, u);
    }
    run_.derivatives(0, run_.n(), order(), node_.pointers());
    for (Index j = 0; j < run_.levels(); ++j) {
      Node& node = nodes[at(j)];
      double height = rule_.log_weights(k) - peaks_[at(j)].height - 0.5 * dot<Q>(node.u, node.u);
      for (Index i = run_.from(j); i < run_.to(j); ++i) height += node_.eta(0)[i];
      node.term = std::exp(height);
      if (!(node.term < 1e300)) return false;
      weighted_sum<Q>(run_.z(0), node_.eta(1), run_.from(j), run_.to(j), node.dual);
      add_level(j, node);
    }
    return true;
  }

  RowOrder order() const {
    return rest_ || run_.channels() > 0 ? RowOrder::kHessian : RowOrder::kPass;
  }

  void add_level(Index j, const Node& node) {
    const Index from = run_.from(j);
    const Index to = run_.to(j);
    const auto& designs = run_.all().designs;
    Vector score = Vector::Zero(size_);
    for (Index k = 0; k < kPairs; ++k) {
      score(k) = node.dual[lower_.row(k)] * node.u[lower_.column(k)];
    }
    double* coefficients = score.data() + kPairs;
    designs[0].add_scores(run_.row() + from, to - from, node_.eta(1) + from, coefficients);
    for (std::size_t c = 0; c < run_.channels(); ++c) {
      designs[c + 1].add_scores(run_.row() + from, to - from, node_.psi_of(c, 0) + from,
                                coefficients);
    }
    if (rest_) add_rest(j, node, score);
    mass_[at(j)] += node.term;
    scores_[at(j)] += node.term * score;
    products_[at(j)].noalias() += node.term * score * score.transpose();

    double moments[kMoments];
    moments[0] = 1.0;
    for (int a = 0; a < Q; ++a) moments[1 + a] = node.u[a];
    for (Index k = 0; k < kPairs; ++k) {
      moments[1 + Q + k] = node.u[lower_.row(k)] * node.u[lower_.column(k)];
    }
    add_moments(node_.eta(2), from, to, node.term, kMoments, moments, by_eta_.data());
    for (std::size_t c = 0; c < run_.channels(); ++c) {
      add_moments(node_.psi_of(c, 1), from, to, node.term, 1 + Q, moments, by_psi_[c].data());
      for (std::size_t d = c; d < run_.channels(); ++d) {
        add_moments(node_.psi2_of(c, d), from, to, node.term, 1, moments, by_psi2_[c + d].data());
      }
    }
  }

  static void add_moments(const double* w, Index from, Index to, double term, int count,
                          const double* moments, double* out) {
    for (Index i = from; i < to; ++i) {
      const double weight = term * w[i];
      for (int m = 0; m < count; ++m) out[i * count + m] += weight * moments[m];
    }
  }

  // Second derivatives of one row, from its moments.
  void add_row(Index i, double share) {
    const double* z = run_.z(i);
    const double* w = &by_eta_[at(i * kMoments)];
    const Index row = run_.row() + i;
    const auto& designs = run_.all().designs;
    const auto symmetric = [&](Index k, Index l, double value) {
      sum_(k, l) += value;
      sum_(l, k) += value;
    };
    for (Index k = 0; k < kPairs; ++k) {
      const Index a = lower_.row(k);
      const Index b = lower_.column(k);
      for (Index l = 0; l <= k; ++l) {
        const double value = share * z[a] * z[lower_.row(l)] * w[pair(b, lower_.column(l))];
        sum_(k, l) += value;
        if (l < k) sum_(l, k) += value;
      }
      designs[0].each(row, [&](Index place, double x) {
        symmetric(k, kPairs + place, share * z[a] * x * w[1 + b]);
      });
      for (std::size_t c = 0; c < run_.channels(); ++c) {
        const double cross = share * z[a] * by_psi_[c][at(i * (1 + Q) + 1 + b)];
        designs[c + 1].each(
            row, [&](Index place, double x) { symmetric(k, kPairs + place, cross * x); });
      }
    }
    for (std::size_t c = 0; c < designs.size(); ++c) {
      for (std::size_t d = c; d < designs.size(); ++d) {
        const double value = share * between(i, c, d);
        designs[c].each(row, [&](Index k, double x) {
          designs[d].each(row, [&](Index l, double v) {
            sum_(kPairs + k, kPairs + l) += value * x * v;
            if (c != d) sum_(kPairs + l, kPairs + k) += value * x * v;
          });
        });
      }
    }
  }

  // Sum over the nodes of the second derivative of l in two predictors: eta, then psi by channel.
  double between(Index i, std::size_t c, std::size_t d) const {
    if (d == 0) return by_eta_[at(i * kMoments)];
    if (c == 0) return by_psi_[d - 1][at(i * (1 + Q))];
    return by_psi2_[c + d - 2][at(i)];
  }

  // Place of the moment u_b u_d.
  Index pair(Index b, Index d) const {
    const Index low = std::min(b, d);
    const Index high = std::max(b, d);
    return 1 + Q + low * Q - low * (low - 1) / 2 + high - low;
  }

  // The score of E at a node of a level, and what its derivative adds to the products.
  void add_rest(Index j, const Node& node, Vector& score) {
    const Index from = run_.from(j);
    const Index to = run_.to(j);
    double curved[Q * Q];  // second derivatives of sum l in b
    weighted_gram<Q>(run_.z(0), node_.eta(2), from, to, curved);
    for (Index k = 0; k < kPairs; ++k) {
      const Index a = lower_.row(k);
      const Index b = lower_.column(k);
      score(first_rest_ + k) =
          (a == b ? 0.5 : 1.0) * (curved[a + b * Q] + node.dual[a] * node.dual[b]);
    }
    Matrix change = Matrix::Zero(size_, size_);
    for (Index i = from; i < to; ++i) add_rest_row(i, node, change);
    const Eigen::Map<const Matrix> s2(curved, Q, Q);
    const Eigen::Map<const Vector> s1(node.dual, Q);
    for (Index k = 0; k < kPairs; ++k) {
      const Matrix left = basis(k) * s2;
      for (Index l = 0; l < kPairs; ++l) {
        const Matrix right = basis(l);
        change(first_rest_ + k, first_rest_ + l) +=
            0.5 * (left * right * s2).trace() + s1.dot(left * right * s1);
      }
    }
    products_[at(j)] += node.term * change;
  }

  // Symmetric, with a 1 at a place of the lower triangle.
  Matrix basis(Index k) const {
    Matrix out = Matrix::Zero(Q, Q);
    out(lower_.row(k), lower_.column(k)) = out(lower_.column(k), lower_.row(k)) = 1.0;
    return out;
  }

  void add_rest_row(Index i, const Node& node, Matrix& change) const {
    const double* z = run_.z(i);
    Vector zz(kPairs);    // z'E z
    Vector dual(kPairs);  // z'E e
    for (Index k = 0; k < kPairs; ++k) {
      const Index a = lower_.row(k);
      const Index b = lower_.column(k);
      zz(k) = (a == b ? 1.0 : 2.0) * z[a] * z[b];
      dual(k) = a == b ? z[a] * node.dual[a] : z[a] * node.dual[b] + z[b] * node.dual[a];
    }
    const double l3 = node_.eta(3)[i];
    const Matrix mixed = zz * dual.transpose();
    change.bottomRightCorner(kPairs, kPairs) +=
        0.25 * node_.eta(4)[i] * zz * zz.transpose() + 0.5 * l3 * (mixed + mixed.transpose());
    const auto add = [&](Index k, double value, const Vector& slope) {
      change.row(k).tail(kPairs) += value * slope.transpose();
      change.col(k).tail(kPairs) += value * slope;
    };
    const Vector by_eta = 0.5 * l3 * zz + node_.eta(2)[i] * dual;
    for (Index k = 0; k < kPairs; ++k) {
      add(k, z[lower_.row(k)] * node.u[lower_.column(k)], by_eta);
    }
    const auto& designs = run_.all().designs;
    const auto add_design = [&](const Design& design, const Vector& slope) {
      design.each(run_.row() + i, [&](Index place, double x) { add(kPairs + place, x, slope); });
    };
    add_design(designs[0], by_eta);
    for (std::size_t c = 0; c < run_.channels(); ++c) {
      add_design(designs[c + 1], 0.5 * node_.psi_of(c, 2)[i] * zz + node_.psi_of(c, 1)[i] * dual);
    }
  }

  LevelRun<Q>& run_;
  const ProductRule& rule_;
  bool rest_;
  Matrix& sum_;
  LowerTriangle lower_;
  Index first_rest_;
  Index size_;
  DerivativeArrays node_;
  std::vector<Peak<Q>> peaks_;
  std::vector<Node> nodes_;
  // By level, sums over the nodes weighted by their terms.
  std::vector<double> mass_;
  std::vector<Vector> scores_;
  std::vector<Matrix> products_;
  // By row, sums over the nodes of second derivatives of l and their moments in u.
  std::vector<double> by_eta_;
  std::array<std::vector<double>, kMostChannels> by_psi_;
  std::array<std::vector<double>, 3> by_psi2_;
};

}  // namespace

template <int Q>
bool add_louis(LevelRun<Q>& run, const ProductRule& rule, const double* u, bool rest, Matrix& sum) {
  return Louis<Q>(run, rule, rest, sum).add(u);
}

template bool add_louis<1>(LevelRun<1>&, const ProductRule&, const double*, bool, Matrix&);
template bool add_louis<2>(LevelRun<2>&, const ProductRule&, const double*, bool, Matrix&);
template bool add_louis<3>(LevelRun<3>&, const ProductRule&, const double*, bool, Matrix&);

}  // namespace ranef
