// Random signs over the tail, and directions that are taken out of them.
//
// For any U with orthonormal columns, Q = I - UU' and any B over the tail,
//
//   tr B = tr(U'BU) + E z'Q B Q z,   z of independent signs,
//
// so that U takes out exactly what it spans (Meyer, Musco, Musco & Woodruff 2021, section 3, where
// U is made for one B). Here U spans eigenvectors of S~ - I of the largest absolute eigenvalues,
// which serve all traces that a fit asks for.
#pragma once

#include <cstdint>

#include "iterative/block_jacobi.hpp"
#include "iterative/width.hpp"
#include "linalg/dense.hpp"

namespace ranef {

class Probes {
 public:
  Probes(std::uint64_t seed, Index deflated, Index signs)
      : seed_(seed), deflated_(deflated), signs_(signs) {}

  Index deflated() const { return deflated_; }  // columns of U that are asked for
  Index signs() const { return signs_; }
  Index size() const { return u_.cols() + signs_; }
  Index directions() const { return u_.cols(); }
  std::uint64_t seed() const { return seed_; }

  // More of them. Columns that are there are brought closer to the eigenvectors before they serve.
  void grow(Index deflated, Index signs);

  // Brings U closer to the eigenvectors at the S~ of now: from a new start while columns are
  // missing, by one step later, not at all once it is frozen.
  void follow(BlockJacobi& s);
  void freeze() { frozen_ = true; }

  // Columns from `first` on of [U, Qz], side by side; columns beyond the last are zero.
  HugeVector block(Index first, int width, Index rows) const;
  // z of one probe; and v less what U spans of it.
  Vector signs(Index probe, Index rows) const;
  void take_out(Vector& v) const;

 private:
  void power(BlockJacobi& s);

  std::uint64_t seed_;
  Index deflated_;
  Index signs_;
  Matrix u_;
  bool frozen_ = false;
  bool closer_ = false;
};

}  // namespace ranef
