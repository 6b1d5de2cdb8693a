#include "marginal/root_map.hpp"

#include <algorithm>

namespace ranef {

namespace {

constexpr double kSingular = 1e-7;

Matrix symmetric_change(const Matrix& lambda, const Matrix& root) {
  const Matrix half = root * lambda.transpose();
  return half + half.transpose();
}

double nil(const Vector& singular_values) {
  return kSingular * std::max(1.0, singular_values.maxCoeff());
}

}  // namespace

RootMap::RootMap(const Matrix& lambda, const Vector& scale)
    : lower_(lambda.rows()), scale_(scale), lambda_(scale.asDiagonal() * lambda) {
  const Vector values = Eigen::JacobiSVD<Matrix>(lambda_).singularValues();
  singular_ = !(values.minCoeff() > nil(values));
  Matrix map(lower_.size(), lower_.size());
  for (Index k = 0; k < lower_.size(); ++k) {
    map.col(k) = lower_.isometric(
        symmetric_change(lambda_, lower_.triangle(Vector::Unit(lower_.size(), k))));
  }
  const Eigen::JacobiSVD<Matrix> svd(map, Eigen::ComputeFullU | Eigen::ComputeFullV);
  left_ = svd.matrixU();
  right_ = svd.matrixV();
  const double least = singular_ ? nil(svd.singularValues()) : 0.0;
  inverse_ = svd.singularValues().unaryExpr(
      [least](double value) { return value > least ? 1.0 / value : 0.0; });
}

RootChange RootMap::change(const Matrix& d) const {
  const Matrix scaled = scale_.asDiagonal() * d * scale_.asDiagonal();
  RootChange out;
  const Vector root = right_ * inverse_.cwiseProduct(left_.transpose() * lower_.isometric(scaled));
  out.root = lower_.triangle(root);
  out.rest = scaled - symmetric_change(lambda_, out.root);
  const auto back = scale_.cwiseInverse().asDiagonal();
  out.root = (back * out.root).eval();
  out.rest = (back * out.rest * back).eval();
  return out;
}

Matrix RootMap::covariance_change(const Matrix& root) const {
  const auto back = scale_.cwiseInverse().asDiagonal();
  return symmetric_change(back * lambda_, root);
}

Matrix RootMap::gamma(const Matrix& slopes, const Matrix& guess) const {
  // <Gamma, d Lambda' + Lambda d'> = <slopes, d> for every lower triangular d.
  const auto back = scale_.cwiseInverse().asDiagonal();
  const Matrix nearest = back * guess * back;
  const Matrix left = back * slopes - 2.0 * nearest * lambda_;
  const Vector correction = left_ * inverse_.cwiseProduct(right_.transpose() * lower_.packed(left));
  const Matrix gamma = nearest + lower_.from_isometric(correction);
  return scale_.asDiagonal() * gamma * scale_.asDiagonal();
}

}  // namespace ranef
