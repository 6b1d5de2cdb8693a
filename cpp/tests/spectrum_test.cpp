// Eigenvalues and eigenvectors of small symmetric matrices, and coordinates of a step.
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <string>

#include "linalg/spectrum.hpp"
#include "structure/step_chart.hpp"

namespace {

using ranef::Index;
using ranef::Matrix;
using ranef::Spectrum;
using ranef::Vector;

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s\n", what.c_str());
}

Matrix symmetric(Index n, std::mt19937& random) {
  std::normal_distribution<double> normal;
  Matrix a(n, n);
  for (double& x : a.reshaped()) x = normal(random);
  return a + a.transpose().eval();
}

void check(const Matrix& a, const std::string& what) {
  const Spectrum found = ranef::spectrum_of(a);
  const Index n = a.rows();
  const double size = a.cwiseAbs().maxCoeff();
  expect(found.fine, what + ": fine");
  for (Index k = 1; k < n; ++k)
    expect(found.values(k - 1) <= found.values(k), what + ": ascending");
  const Matrix left = a * found.vectors - found.vectors * found.values.asDiagonal();
  expect(left.cwiseAbs().maxCoeff() <= 1e-14 * size, what + ": A V = V D");
  const Matrix gram = found.vectors.transpose() * found.vectors - Matrix::Identity(n, n);
  expect(gram.cwiseAbs().maxCoeff() < 1e-14, what + ": orthonormal");
}

void spectra() {
  std::mt19937 random(3);
  for (Index n = 1; n <= 6; ++n) {
    for (int k = 0; k < 50; ++k) {
      const Matrix a = symmetric(n, random);
      check(a, "random " + std::to_string(n));
      check(1e-120 * a, "tiny " + std::to_string(n));
      check(a.col(0) * a.col(0).transpose(), "rank one " + std::to_string(n));
    }
    check(Matrix::Identity(n, n), "identity");
    check(Matrix::Ones(n, n), "ones");
    Matrix bad = Matrix::Identity(n, n);
    bad(0, 0) = std::numeric_limits<double>::quiet_NaN();
    expect(!ranef::spectrum_of(bad).fine, "a number that is none");
  }
  // Of a graded matrix the small eigenvalue comes out to a relative error: its root is a slope's
  // SD.
  Matrix graded(2, 2);
  graded << 1.0, 1e-6, 1e-6, 4e-12;
  const double least = ranef::spectrum_of(graded).values(0);
  expect(std::abs(least / 3e-12 - 1.0) < 1e-9, "a small eigenvalue");
}

// f(t) = g t + h t^2 / 2 about t0, by s = log(t^2): numerical derivatives.
void steps() {
  const ranef::Chart chart({{0, 0, 1}, {1, 0, 2}}, {1, 2});
  Vector theta(4), slope(4);
  theta << 1.5, 1.0, 0.2, 0.8;
  slope << -3.0, 1.0, -2.0, 0.5;
  Matrix curvature = Matrix::Identity(4, 4) * 40.0;
  curvature(0, 2) = curvature(2, 0) = 5.0;
  const ranef::StepChart exact(chart, theta, slope, curvature, false);
  const auto model = [&](const Vector& step) {
    const Vector d = exact.from(theta, step) - theta;
    return slope.dot(d) + 0.5 * d.dot(curvature * d);
  };
  const double h = 1e-4;
  for (Index i = 0; i < 4; ++i) {
    const Vector a = h * Vector::Unit(4, i);
    expect(std::abs((model(a) - model(-a)) / (2.0 * h) - exact.slope()(i)) < 1e-5,
           "slope of a step");
    for (Index j = 0; j < 4; ++j) {
      const Vector b = h * Vector::Unit(4, j);
      const double second =
          (model(a + b) - model(a - b) - model(b - a) + model(-a - b)) / (4.0 * h * h);
      expect(std::abs(second - exact.curvature()(i, j)) < 1e-4, "curvature of a step");
    }
  }
  expect(exact.from(theta, Vector::Unit(4, 0))(0) == 1.5 * std::exp(0.5), "a step in log tau");
  // A variance that the data hardly determine, and one on the way to zero, step in theta.
  const ranef::StepChart vague(chart, theta, slope, 0.1 * curvature, false);
  expect(vague.from(theta, Vector::Unit(4, 0))(0) == 2.5, "a vague variance");
  slope(0) = 80.0;
  const ranef::StepChart falling(chart, theta, slope, curvature, false);
  expect(falling.from(theta, Vector::Unit(4, 0))(0) == 2.5, "a variance that vanishes");
}

}  // namespace

int main() {
  spectra();
  steps();
  return failures == 0 ? 0 : 1;
}
