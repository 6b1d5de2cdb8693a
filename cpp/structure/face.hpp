// The smooth piece of all covariances together on which a solution lies, and derivatives along it.
#pragma once

#include <memory>
#include <vector>

#include "structure/chart.hpp"

namespace ranef {

struct Face {
  std::vector<std::unique_ptr<TermFace>> terms;
  std::vector<Index> first;           // coordinate of each term
  std::vector<Direction> directions;  // dD that each coordinate stands for
  Vector others;                      // the chart's other coordinates, after those

  Index covariance_size() const { return static_cast<Index>(directions.size()); }
  Index size() const { return covariance_size() + others.size(); }
  Vector scales() const;  // TermFace::scales(), one for the others
};

Face face_at(const Chart& chart, const Vector& x);

// df along the coordinates, without the others, and the part of the Hessian from D being curved in
// them.
Vector gradient(const Chart& chart, const Face& face, const std::vector<Matrix>& gamma);
Matrix bend(const Chart& chart, const Face& face, const std::vector<Matrix>& gamma);

// df along the same coordinates at a point that a step along the face leads to.
Vector gradient_after(const Chart& chart, const Face& face, const Vector& step,
                      const std::vector<Matrix>& gamma);

// Coordinates of the chart after a step along the face, and out of it (`leaves` by term).
Vector moved(const Chart& chart, const Face& face, const Vector& step,
             const std::vector<std::vector<Leave>>& leaves);

}  // namespace ranef
