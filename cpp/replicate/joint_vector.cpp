#include "replicate/joint_vector.hpp"

#include <algorithm>

namespace ranef {

JointVector::JointVector(const Arranged& arranged)
    : tail(Vector::Zero(arranged->tail_columns)), fixed(Vector::Zero(arranged->p)) {
  for (const Stage& stage : arranged->chain) {
    chain.emplace_back(at(stage.n_levels) * at(stage.q), 0.0);
  }
}

void JointVector::set_zero() {
  for (std::vector<double>& part : chain) std::fill(part.begin(), part.end(), 0.0);
  tail.setZero();
  fixed.setZero();
}

double JointVector::dot(const JointVector& other) const {
  double sum = tail.dot(other.tail) + fixed.dot(other.fixed);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const auto size = static_cast<Index>(chain[i].size());
    sum += Eigen::Map<const Vector>(chain[i].data(), size)
               .dot(Eigen::Map<const Vector>(other.chain[i].data(), size));
  }
  return sum;
}

void JointVector::add(const JointVector& other) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (std::size_t k = 0; k < chain[i].size(); ++k) chain[i][k] += other.chain[i][k];
  }
  tail += other.tail;
  fixed += other.fixed;
}

std::vector<double*> group_starts(const Arranged& arranged, JointVector& v) {
  std::vector<double*> out(at(arranged->n_groups), nullptr);
  for (std::size_t i = 0; i < arranged->chain.size(); ++i) {
    out[at(arranged->chain[i].group)] = v.chain[i].data();
  }
  for (const TailGroup& group : arranged->tail) out[at(group.group)] = v.tail.data() + group.offset;
  return out;
}

void times_products(const Arranged& arranged, const JointVector& v, JointVector& out) {
  out.set_zero();
  const int p = arranged->p;
  for (std::size_t i = 0; i < arranged->chain.size(); ++i) {
    const Stage& stage = arranged->chain[i];
    const int q = stage.q;
    for (Index level = 0; level < stage.n_levels; ++level) {
      const double* own = &v.chain[i][at(level) * at(q)];
      double* to = &out.chain[i][at(level) * at(q)];
      const double* diagonal = &arranged.numbers.chain[i].diagonal[at(level) * at(q) * at(q)];
      const double* rest = &arranged.numbers.chain[i].rest[at(stage.rest_start[at(level)]) * at(q)];
      for (int b = 0; b < q; ++b) {
        for (int a = 0; a < q; ++a) to[a] += diagonal[a + b * q] * own[b];
      }
      for_rest(arranged, i, level, v, [&](int column, double value) {
        for (int a = 0; a < q; ++a) to[a] += rest[a + column * q] * value;
      });
      for_rest(arranged, i, level, out, [&](int column, double& sum) {
        for (int a = 0; a < q; ++a) sum += rest[a + column * q] * own[a];
      });
    }
  }
  if (arranged->tail_columns > 0) {
    out.tail += tail_times(arranged, v.tail);
    out.tail.noalias() += arranged.numbers.tail_fixed.leftCols(p) * v.fixed;
    out.fixed.noalias() += arranged.numbers.tail_fixed.leftCols(p).transpose() * v.tail;
  }
  out.fixed.noalias() += arranged.numbers.fixed.topLeftCorner(p, p) * v.fixed;
}

void set_response(const ResponseProducts& response, Arranged& arranged) {
  const int p = arranged->p;
  for (std::size_t i = 0; i < arranged->chain.size(); ++i) {
    const Stage& stage = arranged->chain[i];
    HugeVector& rest = arranged.numbers.chain[i].rest;
    const std::size_t q = at(stage.q);
    const std::vector<double>& from = response.joint.chain[i];
    for (std::size_t level = 0; level < at(stage.n_levels); ++level) {
      std::copy_n(&from[level * q], q, &rest[(at(stage.rest_start[level + 1]) - 1) * q]);
    }
  }
  if (arranged->tail_columns > 0) arranged.numbers.tail_fixed.col(p) = response.joint.tail;
  arranged.numbers.fixed.col(p).head(p) = response.joint.fixed;
  arranged.numbers.fixed.row(p).head(p) = response.joint.fixed.transpose();
  arranged.numbers.fixed(p, p) = response.squares;
}

}  // namespace ranef
