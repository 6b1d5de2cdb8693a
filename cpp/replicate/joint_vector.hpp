// Vectors over the columns of [Z X], and products of A with them.
#pragma once

#include <vector>

#include "factor/arrange.hpp"

namespace ranef {

// One number for each column of Z, by place in the order of elimination, and of X.
struct JointVector {
  std::vector<std::vector<double>> chain;  // by stage, level-major
  Vector tail;
  Vector fixed;

  JointVector() = default;
  explicit JointVector(const Arranged& arranged);

  void set_zero();
  double dot(const JointVector& other) const;
  void add(const JointVector& other);
};

// The first entry of each grouping factor in v: its levels follow one another, q entries each.
std::vector<double*> group_starts(const Arranged& arranged, JointVector& v);

// What a response is to the criterion: Z'Wy, X'Wy and y'Wy.
struct ResponseProducts {
  JointVector joint;
  double squares = 0.0;
};

// [Z X]'W[Z X] v.
void times_products(const Arranged& arranged, const JointVector& v, JointVector& out);

// Puts another response into the problem.
void set_response(const ResponseProducts& response, Arranged& arranged);

// Calls use(rest column, entry of v) for the rest columns of a level, y's left out.
template <class Vector_, class Use>
void for_rest(const Arranged& arranged, std::size_t i, Index level, Vector_& v, Use use) {
  const Stage& stage = arranged->chain[i];
  int column = 0;
  for (std::size_t k = 0; k < stage.parent.size(); ++k) {
    const int q = arranged->chain[i + 1 + k].q;
    auto* parent = &v.chain[i + 1 + k][at(stage.parent[k][at(level)]) * at(q)];
    for (int a = 0; a < q; ++a) use(column++, parent[a]);
  }
  const std::int32_t* list = stage.tail_list(level);
  for (int t = 0; t < stage.tail_columns(level); ++t) use(column++, v.tail(list[t]));
  for (int a = 0; a < arranged->p; ++a) use(column++, v.fixed(a));
}

}  // namespace ranef
