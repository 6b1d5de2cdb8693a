#include "search/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"
#include "structure/face.hpp"

namespace ranef {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kFlat = 1e-6;       // deviance units per squared relative change of an SD
constexpr double kNil = 1e-9;        // deviance units: what a dual eigenvalue of nil could gain
constexpr double kBound = 1e-6;      // share of a way's curvature that the face cannot take up
constexpr double kMostNoise = 1e-4;  // largest curvature that a residual gradient may explain

// A way out whose slope is zero, so that the second order decides.
struct Nil {
  std::size_t term;
  Way way;
};

// Whether the face follows a way out of it at no cost: 1, and its coordinates' part, or 0 columns.
Matrix following(Objective& objective, const Face& face, const Nil& nil, const Matrix& inverse) {
  // The way is placed between the coordinates of the covariances and the others.
  std::vector<Direction> directions = face.directions;
  directions.push_back(objective.chart().embedded(nil.term, nil.way.e));
  const Matrix h = objective.second(directions);
  const Index at = face.covariance_size();
  const double own = h(at, at) + nil.way.bend;
  Vector cross(face.size());
  cross << h.col(at).head(at), h.col(at).tail(face.size() - at);
  const Vector part = -inverse * cross;
  if (own + cross.dot(part) > kBound * own && own > 0.0) return Matrix(face.size(), 0);
  return part;
}

// H along the face from central differences of the gradient. The criterion ends at theta again.
// False where it cannot be computed beside theta.
bool by_differences(Objective& objective, const Face& face, const Vector& theta, Matrix& h) {
  constexpr double kStep = 1e-5;  // of a coordinate's size
  const Vector steps = kStep * face.scales();
  const std::vector<std::vector<Leave>> stay(face.terms.size());
  Matrix out(face.size(), face.size());
  bool fine = true;
  for (Index k = 0; k < face.size() && fine; ++k) {
    Vector ends[2];
    for (int side = 0; side < 2 && fine; ++side) {
      const Vector step = Vector::Unit(face.size(), k) * (side == 0 ? -steps(k) : steps(k));
      fine = objective.evaluate(moved(objective.chart(), face, step, stay));
      if (fine) {
        ends[side] = objective.gradient_after(face, step);
      }
    }
    if (fine) out.col(k) = (ends[1] - ends[0]) / (2.0 * steps(k));
  }
  objective.evaluate(theta);
  if (fine) h = 0.5 * (out + out.transpose());
  return fine;
}

// H along the face. Where cross-products have lost digits and H has large eigenvalues, its small
// ones drown in the rounding errors of the large ones; Gamma summed over the rows keeps them.
Matrix along(Objective& objective, const Face& face, const Vector& theta) {
  constexpr double kLarge = 1e5;  // deviance units per squared relative change of an SD
  Matrix h = objective.second(face.directions);
  const Index own = face.covariance_size();
  h.topLeftCorner(own, own) += bend(objective.chart(), face, objective.gamma());
  if (!objective.rough_second()) return h;
  const double largest = h.diagonal().cwiseProduct(face.scales().cwiseAbs2()).cwiseAbs().maxCoeff();
  if (largest > kLarge) by_differences(objective, face, theta, h);
  return h;
}

// Conditions 1 and 3: along the face. Needs the complementarity. `nil`: ways out of the face that
// the first order says nothing about.
void along_the_face(Objective& objective, const Face& face, const Vector& theta,
                    const std::vector<Nil>& nil, Evidence& out) {
  out.curvature = kNaN;
  out.flat.resize(face.size(), 0);
  out.towards.setZero(face.size());
  if (face.size() == 0) return;
  Matrix h = along(objective, face, theta);
  const Vector scales = face.scales();
  h.array().colwise() *= scales.array();
  h.array().rowwise() *= scales.transpose().array();
  const Spectrum spectrum = spectrum_of(h);
  const Vector& values = spectrum.values;
  const Vector g = spectrum.vectors.transpose() * objective.gradient(face).cwiseProduct(scales);
  // An unconverged gradient adds 2 Gamma d2T to the Hessian, of the size of D Gamma. Eigenvalues
  // below that size are called flat.
  const double noise = std::min(4.0 * out.complementarity, kMostNoise);
  const double flat = std::max({kFlat, noise, 1e-12 * values(values.size() - 1)});
  Vector inverse = Vector::Zero(values.size());
  Index n_flat = 0;  // eigenvalues ascend: the flat ones come first
  for (Index k = 0; k < values.size(); ++k) {
    if (values(k) > flat) {
      out.gain += 0.5 * g(k) * g(k) / values(k);
      out.step = std::max(out.step, std::abs(g(k)) / std::sqrt(2.0 * values(k)));
      inverse(k) = 1.0 / values(k);
      continue;
    }
    // Where the criterion is flat or bends down, what the slope alone promises for a small change.
    n_flat = k + 1;
    out.gain += 1e-2 * std::abs(g(k));
    if (values(k) < -flat) out.gain -= 0.5 * values(k);
  }
  out.curvature = values(0);
  const Matrix vectors = scales.asDiagonal() * spectrum.vectors;
  out.flat = vectors.leftCols(n_flat);
  out.towards = -vectors * inverse.cwiseProduct(g);
  if (nil.empty()) return;
  const Matrix h_inverse = congruent_diagonal(vectors, inverse);
  for (const Nil& way : nil) {
    const Matrix part = following(objective, face, way, h_inverse);
    if (part.cols() == 0) continue;
    out.flat.conservativeResize(Eigen::NoChange, out.flat.cols() + 1);
    out.flat.rightCols(1) = part;
    out.loose.push_back(static_cast<int>(way.term));
  }
}

// Decrease that D + t v v' promises: slope^2 / (2 curvature), for a negative slope.
double gain_by_leaving(double curvature, double slope) {
  if (!(curvature > 0.0)) return -slope;
  return std::min(-slope, slope * slope / (2.0 * curvature));
}

// Condition 2: out of the face. Ways that the first order says nothing about go to `nil`, changes
// of the others on the promised ways to `follow`.
void out_of_the_face(Objective& objective, const Face& face, const std::vector<Matrix>& bases,
                     std::vector<Nil>& nil, Vector& follow, Evidence& out) {
  // At slopes from here on the second order need not be examined.
  constexpr double kClear = 1e-2;
  out.dual = kNaN;
  out.leaves.resize(face.terms.size());
  const Chart& chart = objective.chart();
  const std::vector<Matrix> gammas = objective.gamma();
  double gain = 0.0;
  for (std::size_t k = 0; k < face.terms.size(); ++k) {
    const TermFace& term = *face.terms[k];
    const Matrix gamma = chart.gamma_of(gammas, k);
    out.complementarity = std::max(out.complementarity, term.complementarity(gamma));
    for (Way& way : term.ways_out(gamma)) {
      if (!(way.slope < kClear)) continue;
      const WayCurvature along = objective.along_way(chart.embedded(k, way.e));
      const double curvature = along.second + way.bend;  // D_k curved or not
      const double promise = gain_by_leaving(curvature, -std::abs(way.slope));
      if (way.slope < 0.0) {
        gain += promise;
        const double size = curvature > 0.0 ? std::min(1.0, -way.slope / curvature) : 1.0;
        out.leaves[k].push_back({way, size});
        follow += size * along.follow;
      }
      if (promise < kNil) nil.push_back({k, std::move(way)});
    }
    const double dual = term.dual(gamma, bases[k]);
    if (!std::isnan(dual)) out.dual = std::isnan(out.dual) ? dual : std::min(out.dual, dual);
  }
  out.gain += gain;
  if (gain > 0.0) out.step = std::max(out.step, std::sqrt(gain));
}

}  // namespace

Evidence evidence(Objective& objective, const Vector& theta, const std::vector<Matrix>& bases) {
  const Face face = face_at(objective.chart(), theta);
  Evidence out;
  for (const auto& term : face.terms) out.rank.push_back(term->rank());
  std::vector<Nil> nil;
  Vector follow = Vector::Zero(face.others.size());
  out_of_the_face(objective, face, bases, nil, follow, out);
  along_the_face(objective, face, theta, nil, out);
  out.towards.tail(follow.size()) += follow;
  out.rounding = objective.rounding();
  return out;
}

Vector promised(const Chart& chart, const Vector& theta, const Evidence& evidence, double length) {
  std::vector<std::vector<Leave>> leaves = evidence.leaves;
  for (std::vector<Leave>& term : leaves) {
    for (Leave& leave : term) leave.size *= length;
  }
  return moved(chart, face_at(chart, theta), length * evidence.towards, leaves);
}

}  // namespace ranef
