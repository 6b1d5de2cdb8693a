#include "certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "face.hpp"
#include "spectrum.hpp"

namespace ranef {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kFlat = 1e-6;       // deviance units per squared relative change of an SD
constexpr double kMostNoise = 1e-4;  // the same: curvature that a slope of nearly nothing may be

// Conditions 1 and 3: along the face. Needs the complementarity.
void along_the_face(Criterion& criterion, const Chart& chart, const Face& face, Evidence& out) {
  out.curvature = kNaN;
  out.flat.resize(face.size(), 0);
  if (face.size() == 0) return;
  Matrix h = criterion.hessian(face.directions);
  const std::vector<Matrix>& gamma = criterion.gamma();
  h += bend(chart, face, gamma);
  const Vector scales = face.scales();
  h.array().colwise() *= scales.array();
  h.array().rowwise() *= scales.transpose().array();
  const Spectrum spectrum = spectrum_of(h);
  const Vector& values = spectrum.values;
  const Vector g = spectrum.vectors.transpose() * gradient(chart, face, gamma).cwiseProduct(scales);
  // What is left of the slope bends the criterion too: 2 Gamma d^2T, of the size of D Gamma.
  const double noise = std::min(4.0 * out.complementarity, kMostNoise);
  const double flat = std::max({kFlat, noise, 1e-12 * values(values.size() - 1)});
  Index n_flat = 0;  // eigenvalues ascend: the flat ones come first
  for (Index k = 0; k < values.size(); ++k) {
    if (values(k) > flat) {
      out.gain += 0.5 * g(k) * g(k) / values(k);
      out.step = std::max(out.step, std::abs(g(k)) / std::sqrt(2.0 * values(k)));
      continue;
    }
    // Where the criterion is flat or bends down, what the slope alone promises for a small change.
    n_flat = k + 1;
    out.gain += 1e-2 * std::abs(g(k));
    if (values(k) < -flat) out.gain -= 0.5 * values(k);
  }
  out.curvature = values(0);
  out.flat = scales.asDiagonal() * spectrum.vectors.leftCols(n_flat);
}

// Decrease that D + t v v' promises: slope^2 / (2 curvature), for a negative slope.
double gain_by_leaving(Criterion& criterion, const Chart& chart, std::size_t k, const Vector& v,
                       double slope) {
  const Term& term = chart.terms()[k];
  const int width = chart.group_q(term.group);
  Matrix d = Matrix::Zero(width, width);
  d.block(term.offset, term.offset, term.q, term.q) = v * v.transpose();
  const double curvature = criterion.hessian({{term.group, d}})(0, 0);
  if (!(curvature > 0.0)) return -slope;
  return std::min(-slope, slope * slope / (2.0 * curvature));
}

// Smallest eigenvalue of Gamma on the null space, both on the data's scale: v'D v = 0 on the inner
// scale for v in the null space, on the data's scale for B^-T v.
double dual_in_data_units(const Matrix& base, const Matrix& gamma, const Matrix& null) {
  const Matrix inverse = base.inverse();
  const Matrix outer = inverse.transpose() * gamma * inverse;
  const Eigen::HouseholderQR<Matrix> qr(inverse.transpose() * null);
  const Matrix basis = qr.householderQ() * Matrix::Identity(null.rows(), null.cols());
  return spectrum_of(basis.transpose() * outer * basis).least();
}

// Condition 2: out of the face.
void out_of_the_face(Criterion& criterion, const Chart& chart, const Face& face,
                     const std::vector<Matrix>& bases, Evidence& out) {
  out.dual = kNaN;
  const std::vector<Matrix> gammas = criterion.gamma();
  double gain = 0.0;
  for (std::size_t k = 0; k < face.terms.size(); ++k) {
    const TermFace& term = face.terms[k];
    const Matrix gamma = chart.gamma_of(gammas, k);
    const Matrix product = term.covariance * gamma;
    out.complementarity = std::max(out.complementarity, product.cwiseAbs().maxCoeff());
    if (term.null.cols() == 0) continue;
    const Spectrum spectrum = spectrum_of(term.null.transpose() * gamma * term.null);
    const double lowest = spectrum.least();
    if (lowest < 0.0) {
      const Vector v = term.null * spectrum.vectors.col(0);
      gain += gain_by_leaving(criterion, chart, k, v, lowest);
    }
    const double dual = dual_in_data_units(bases[k], gamma, term.null);
    out.dual = std::isnan(out.dual) ? dual : std::min(out.dual, dual);
  }
  out.gain += gain;
  if (gain > 0.0) out.step = std::max(out.step, std::sqrt(gain));
}

}  // namespace

Evidence evidence(Criterion& criterion, const Chart& chart, const Vector& theta,
                  const std::vector<Matrix>& bases) {
  const Face face = face_at(chart, theta);
  Evidence out;
  for (const TermFace& term : face.terms) out.rank.push_back(term.rank());
  out_of_the_face(criterion, chart, face, bases, out);
  along_the_face(criterion, chart, face, out);
  return out;
}

}  // namespace ranef
