// The face of the positive semidefinite cone that a solution lies on, and derivatives along it.
//
// The relative covariance of a term of rank r is T T' with T a q x r lower trapezoid once its rows
// are put in an order in which the first r are independent. The free entries of that T are smooth
// coordinates of the face near the solution; in the interior (r = q) they are theta.
#pragma once

#include <vector>

#include "structure/chart.hpp"

namespace ranef {

// One term: its factor's rank, range and null space, on the inner scale.
struct TermFace {
  Matrix covariance;       // q x q
  std::vector<int> order;  // rows with independent ones first
  Matrix root;             // q x r lower trapezoid in that order
  Matrix null;             // q x (q - r), orthonormal

  int rank() const { return static_cast<int>(root.cols()); }
};

// A free entry: row and column of a term's root, in the order of its face.
struct Coordinate {
  int term;
  int row;
  int column;
};

struct Face {
  std::vector<TermFace> terms;
  std::vector<Coordinate> coordinates;
  std::vector<Direction> directions;  // dD that each coordinate stands for

  Index size() const { return static_cast<Index>(coordinates.size()); }

  // Natural size of each coordinate: the relative SD of the effect in its row.
  Vector scales() const;
};

Face face_at(const Chart& chart, const Vector& theta);

// df along the coordinates, 2 Gamma T, and the part of the Hessian from D being quadratic in T.
Vector gradient(const Chart& chart, const Face& face, const std::vector<Matrix>& gamma);
Matrix bend(const Chart& chart, const Face& face, const std::vector<Matrix>& gamma);

}  // namespace ranef
