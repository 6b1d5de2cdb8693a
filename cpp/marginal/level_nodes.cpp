#include "marginal/level_nodes.hpp"

#include <algorithm>
#include <cmath>

#include "marginal/level_modes.hpp"

namespace ranef {

namespace {

// Sums over the nodes of one level, weighted by the terms of its integral.
template <int Q>
struct NodeMoments {
  double mass = 0.0;
  double h[Q] = {};           // of h_u
  double scaled[Q * Q] = {};  // of R'h_u z'
  double dual_u[Q * Q] = {};  // of e u'
  double shift[Q] = {};       // of u - mode
  double shifts[Q * Q] = {};  // of (u - mode)(u - mode)'
  double duals[Q * Q] = {};   // of e e'
};

// sum += weight * a b'.
template <int Q>
void add_product(double weight, const double* a, const double* b, double* sum) {
  for (int j = 0; j < Q; ++j) {
    for (int i = 0; i < Q; ++i) sum[i + j * Q] += weight * a[i] * b[j];
  }
}

template <int Q>
class NodeSummation {
 public:
  NodeSummation(LevelRun<Q>& run, const ProductRule& rule, bool by_integrals)
      : run_(run),
        rule_(rule),
        by_integrals_(by_integrals),
        out_(Q, run.all().coefficients),
        mode_(run.n()),
        node_(run.n()),
        moments_(at(run.levels())),
        score_(at(run.n())) {
    mode_.eta(0, 3).psi(run.channels(), 1, 2);
    node_.eta(0, by_integrals ? 2 : 1).psi(run.channels(), 0, 0);
    if (by_integrals) weight_.resize(at(run.n()));
    for (std::size_t k = 0; k < run.channels(); ++k) psi_score_[k].resize(at(run.n()));
  }

  NodeSums sum(double tolerance, LevelResults& results) {
    double* u = results.u.data() + run_.first() * Q;
    out_.fine = find_modes<Q>(run_, tolerance, u) &&
                stand_at_modes<Q>(run_, u, RowOrder::kGradient, mode_, peaks_);
    for (Index k = 0; out_.fine && k < rule_.nodes.cols(); ++k) out_.fine = add_node(k);
    for (Index j = 0; out_.fine && j < run_.levels(); ++j) finish(j, results);
    if (out_.fine) finish_rows();
    return std::move(out_);
  }

 private:
  bool add_node(Index k) {
    const double* z = rule_.nodes.col(k).data();
    double shift[Q];
    double u[Q];
    for (Index j = 0; j < run_.levels(); ++j) {
      node_of(peaks_[at(j)], z, shift, u);
      run_.place(j, u);
    }
    // Derivatives in psi come with the order of gradients only.
    const RowOrder order = run_.channels() > 0 ? RowOrder::kGradient : RowOrder::kPass;
    run_.derivatives(0, run_.n(), order, node_.pointers());
    for (Index j = 0; j < run_.levels(); ++j) {
      node_of(peaks_[at(j)], z, shift, u);
      if (!add_level(j, k, shift, u)) return false;
    }
    return true;
  }

  static void node_of(const Peak<Q>& peak, const double* z, double* shift, double* u) {
    apply<Q>(peak.root.data(), z, shift);
    for (int a = 0; a < Q; ++a) u[a] = peak.u[at(a)] + shift[a];
  }

  // The term of one node in the integral of one level, and what it weighs.
  bool add_level(Index j, Index k, const double* shift, const double* u) {
    const Peak<Q>& peak = peaks_[at(j)];
    const Index from = run_.from(j);
    const Index to = run_.to(j);
    const double* l = node_.eta(0);
    const double* l1 = node_.eta(1);
    double height = -0.5 * dot<Q>(u, u);
    double dual[Q] = {};
    for (Index i = from; i < to; ++i) {
      height += l[i];
      for (int a = 0; a < Q; ++a) dual[a] += l1[i] * run_.z(i)[a];
    }
    // The mode is the peak of the integrand, so that no term is larger than exp(z'z / 2) by far.
    // An infinite one says that it was not the peak.
    const double term = std::exp(height - peak.height + rule_.log_weights(k));
    if (!(term < 1e300)) return false;
    NodeMoments<Q>& sum = moments_[at(j)];
    double h[Q];
    double scaled[Q];
    apply_transposed<Q>(run_.lambda(), dual, h);
    for (int a = 0; a < Q; ++a) h[a] = u[a] - h[a];
    apply_transposed<Q>(peak.root.data(), h, scaled);
    sum.mass += term;
    for (int a = 0; a < Q; ++a) {
      sum.h[a] += term * h[a];
      sum.shift[a] += term * shift[a];
    }
    add_product<Q>(term, scaled, rule_.nodes.col(k).data(), sum.scaled);
    add_product<Q>(term, dual, u, sum.dual_u);
    add_product<Q>(term, shift, shift, sum.shifts);
    for (Index i = from; i < to; ++i) score_[at(i)] += term * l1[i];
    for (std::size_t c = 0; c < run_.channels(); ++c) {
      const double* slope = node_.psi_of(c, 0);
      for (Index i = from; i < to; ++i) psi_score_[c][at(i)] += term * slope[i];
    }
    if (!by_integrals_) return true;
    add_product<Q>(term, dual, dual, sum.duals);
    for (Index i = from; i < to; ++i) weight_[at(i)] -= term * node_.eta(2)[i];
    return true;
  }

  // Value and derivatives of one level from its moments.
  void finish(Index j, LevelResults& results) {
    const Peak<Q>& peak = peaks_[at(j)];
    NodeMoments<Q>& sum = moments_[at(j)];
    const double log_mass = std::log(sum.mass);
    out_.value += peak.log_determinant - 2.0 * (peak.height + log_mass);
    out_.size += std::abs(peak.log_determinant) + 2.0 * (peak.size + std::abs(log_mass)) +
                 dot<Q>(peak.u.data(), peak.u.data());
    out_.fine = out_.fine && std::isfinite(log_mass);
    const double share = 1.0 / sum.mass;
    keep(j, share, results);

    double slopes_m[Q * Q];  // d log I / dM at a fixed mode
    through_root(peak, sum.scaled, share, slopes_m);
    const Index from = run_.from(j);
    const Index to = run_.to(j);
    std::vector<double>& change = score_;
    double s[Q] = {};  // d log I / d(the mode's equation)
    for (Index i = from; i < to; ++i) {
      const double a = -mode_.eta(3)[i] * quadratic(slopes_m, run_.c(i));
      for (int b = 0; b < Q; ++b) s[b] += a * run_.c(i)[b];
    }
    for (int b = 0; b < Q; ++b) s[b] -= share * sum.h[b];
    double half[Q];
    apply_transposed<Q>(peak.root.data(), s, half);
    apply<Q>(peak.root.data(), half, s);

    double through_eta[Q] = {};   // Z' of the change of eta at fixed u
    double weighted[Q * Q] = {};  // Z'WC
    for (Index i = from; i < to; ++i) {
      const double* c = run_.c(i);
      const double* z = run_.z(i);
      const double omega = quadratic(slopes_m, c);
      const double along = dot<Q>(c, s);
      const double w = -mode_.eta(2)[i];
      const double moved = -mode_.eta(3)[i] * omega - w * along;
      for (int a = 0; a < Q; ++a) {
        through_eta[a] += moved * z[a];
        for (int b = 0; b < Q; ++b) weighted[a + b * Q] += w * z[a] * c[b];
      }
      change[at(i)] = share * change[at(i)] + moved;
      for (std::size_t k = 0; k < run_.channels(); ++k) {
        double& psi = psi_score_[k][at(i)];
        psi = share * psi - mode_.psi_of(k, 2)[i] * omega + mode_.psi_of(k, 1)[i] * along;
      }
    }
    double by_weights[Q * Q];
    Small<Q>::multiply(Q, weighted, slopes_m, by_weights);
    for (int b = 0; b < Q; ++b) {
      for (int a = 0; a < Q; ++a) {
        out_.root_slopes(a, b) -=
            2.0 * (through_eta[a] * peak.u[at(b)] + 2.0 * by_weights[a + b * Q] +
                   peak.dual[at(a)] * s[b] + share * sum.dual_u[a + b * Q]);
      }
    }
    if (by_integrals_) add_gamma(j, share);
  }

  static double quadratic(const double* s, const double* c) {
    double out = 0.0;
    for (int b = 0; b < Q; ++b) {
      for (int a = 0; a < Q; ++a) out += s[a + b * Q] * c[a] * c[b];
    }
    return out;
  }

  // d log I / dM through |R| and the nodes: with N = E[R'h_u z'], R S R' where S is
  // half the lower triangle of N' - I, made symmetric.
  static void through_root(const Peak<Q>& peak, const double* scaled, double share, double* out) {
    double s[Q * Q];
    for (int a = 0; a < Q; ++a) {
      for (int b = a; b < Q; ++b) {
        const double half = 0.5 * (share * scaled[a + b * Q] - (a == b ? 1.0 : 0.0));
        s[a + b * Q] = s[b + a * Q] = half;
      }
    }
    double left[Q * Q];
    Small<Q>::multiply(Q, peak.root.data(), s, left);
    for (int a = 0; a < Q; ++a) {
      for (int b = 0; b < Q; ++b) {
        double sum = 0.0;
        for (int k = 0; k < Q; ++k) sum += left[a + k * Q] * peak.root[at(b + k * Q)];
        out[a + b * Q] = sum;
      }
    }
  }

  void keep(Index j, double share, LevelResults& results) const {
    const Peak<Q>& peak = peaks_[at(j)];
    const NodeMoments<Q>& sum = moments_[at(j)];
    double* covariance = &results.covariance[at((run_.first() + j) * Q * Q)];
    for (int a = 0; a < Q; ++a) {
      results.dual[at((run_.first() + j) * Q + a)] = peak.dual[at(a)];
      for (int b = 0; b < Q; ++b) {
        double value = share * sum.shifts[a + b * Q] - share * sum.shift[a] * share * sum.shift[b];
        if (rule_.nodes.cols() == 1) {  // a single node has no spread: M^-1
          value = 0.0;
          for (int k = 0; k < Q; ++k) {
            value += peak.root[at(a + k * Q)] * peak.root[at(b + k * Q)];
          }
        }
        covariance[a + b * Q] = value;
      }
    }
  }

  void add_gamma(Index j, double share) {
    const NodeMoments<Q>& sum = moments_[at(j)];
    if (rule_.nodes.cols() == 1) return add_laplace_gamma(j);
    double gram[Q * Q];
    weighted_gram<Q>(run_.z(0), weight_.data(), run_.from(j), run_.to(j), gram);
    for (int b = 0; b < Q; ++b) {
      for (int a = 0; a < Q; ++a) {
        out_.gamma(a, b) += share * (gram[a + b * Q] - sum.duals[a + b * Q]);
      }
    }
  }

  // K A - e e' + (t e' + e t') / 2 with A = Z'WZ, K = (I + A D)^-1, P = D K, t = K Z'a,
  // a = T z'P z, T = -l'''.
  void add_laplace_gamma(Index j) {
    const Peak<Q>& peak = peaks_[at(j)];
    double spread[Q * Q];  // Lambda R
    Small<Q>::multiply(Q, run_.lambda(), peak.root.data(), spread);
    double p[Q * Q] = {};
    double a[Q * Q];
    for (int k = 0; k < Q; ++k) add_product<Q>(1.0, spread + k * Q, spread + k * Q, p);
    weighted_gram<Q>(run_.z(0), mode_.eta(2), run_.from(j), run_.to(j), a);
    double za[Q] = {};
    for (Index i = run_.from(j); i < run_.to(j); ++i) {
      const double pull = -mode_.eta(3)[i] * quadratic(p, run_.z(i));
      for (int k = 0; k < Q; ++k) za[k] += pull * run_.z(i)[k];
    }
    double k[Q * Q];  // I - A P, where a holds -A
    double g[Q * Q];
    double t[Q];
    Small<Q>::multiply(Q, a, p, k);
    for (int d = 0; d < Q; ++d) k[d + d * Q] += 1.0;
    Small<Q>::multiply(Q, k, a, g);
    apply<Q>(k, za, t);
    const auto& e = peak.dual;
    for (int y = 0; y < Q; ++y) {
      for (int x = 0; x < Q; ++x) {
        out_.gamma(x, y) +=
            -g[x + y * Q] - e[at(x)] * e[at(y)] + 0.5 * (t[x] * e[at(y)] + e[at(x)] * t[y]);
      }
    }
  }

  void finish_rows() {
    const auto& designs = run_.all().designs;
    designs[0].add_scores(run_.row(), run_.n(), score_.data(), out_.slopes.data());
    for (std::size_t k = 0; k < run_.channels(); ++k) {
      designs[k + 1].add_scores(run_.row(), run_.n(), psi_score_[k].data(), out_.slopes.data());
    }
    out_.slopes *= -2.0;
    out_.fine = std::isfinite(out_.value) && out_.root_slopes.allFinite() &&
                out_.gamma.allFinite() && out_.slopes.allFinite();
  }

  LevelRun<Q>& run_;
  const ProductRule& rule_;
  bool by_integrals_;
  NodeSums out_;
  DerivativeArrays mode_;
  DerivativeArrays node_;
  std::vector<Peak<Q>> peaks_;
  std::vector<NodeMoments<Q>> moments_;
  // By row, sums over the nodes; in the end d log I by eta and by psi.
  std::vector<double> score_;
  std::array<std::vector<double>, kMostChannels> psi_score_;
  std::vector<double> weight_;
};

}  // namespace

void NodeSums::add(const NodeSums& other) {
  fine = fine && other.fine;
  value += other.value;
  size += other.size;
  root_slopes += other.root_slopes;
  gamma += other.gamma;
  slopes += other.slopes;
}

template <int Q>
NodeSums sum_over_nodes(LevelRun<Q>& run, const ProductRule& rule, double tolerance,
                        bool by_integrals, LevelResults& results) {
  return NodeSummation<Q>(run, rule, by_integrals).sum(tolerance, results);
}

template NodeSums sum_over_nodes<1>(LevelRun<1>&, const ProductRule&, double, bool, LevelResults&);
template NodeSums sum_over_nodes<2>(LevelRun<2>&, const ProductRule&, double, bool, LevelResults&);
template NodeSums sum_over_nodes<3>(LevelRun<3>&, const ProductRule&, double, bool, LevelResults&);

}  // namespace ranef
