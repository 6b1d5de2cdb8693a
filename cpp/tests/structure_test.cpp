// Structures: derivatives against differences, parameters and back, folds and ways out.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "linalg/products.hpp"
#include "structure/chart.hpp"
#include "structure/face.hpp"

using ranef::Index;
using ranef::Matrix;
using ranef::Vector;

namespace {

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("FAILED: %s\n", what.c_str());
}

Matrix covariance(const ranef::Structure& s, const Vector& x) {
  return ranef::outer_gram(s.root(x));
}

// A smooth function of D with a gradient that is neither zero nor definite.
double f(const Matrix& d, const Matrix& g, const Matrix& h) {
  return g.cwiseProduct(d).sum() + 0.5 * (h * d * h.transpose()).cwiseProduct(d).sum();
}

Matrix gamma(const Matrix& d, const Matrix& g, const Matrix& h) {
  const Matrix half = 0.5 * (h * d * h.transpose() + h.transpose() * d * h);
  return g + 0.5 * (half + half.transpose());
}

// The part of a matrix in the span of others.
Matrix in_span(const Matrix& e, const std::vector<Matrix>& others) {
  std::vector<Matrix> basis;
  Matrix out = Matrix::Zero(e.rows(), e.cols());
  for (const Matrix& other : others) {
    Matrix left = other;
    for (int round = 0; round < 2; ++round) {
      for (const Matrix& one : basis) left -= one.cwiseProduct(left).sum() * one;
    }
    if (!(left.norm() > 1e-9 * (1.0 + other.norm()))) continue;
    basis.push_back(left / left.norm());
    out += basis.back().cwiseProduct(e).sum() * basis.back();
  }
  return out;
}

void check(const std::string& name, const ranef::Structure& s, const Vector& x) {
  const int q = s.q();
  Matrix g = Matrix::Zero(q, q);
  Matrix h = Matrix::Zero(q, q);
  for (int a = 0; a < q; ++a) {
    for (int b = 0; b < q; ++b) {
      g(a, b) = g(b, a) = std::sin(1.0 + a + 3 * b);
      h(a, b) = 0.3 * std::cos(2.0 + 5 * a + b);
    }
  }
  const Matrix d = covariance(s, x);
  const Matrix slope = gamma(d, g, h);
  Vector gradient(s.size());
  s.gradient(x.data(), slope, gradient.data());
  std::vector<Matrix> directions;
  s.directions(x.data(), directions);
  Matrix hessian = Matrix::Zero(s.size(), s.size());
  s.add_bend(x.data(), slope, hessian);
  for (Index k = 0; k < s.size(); ++k) {
    for (Index l = 0; l < s.size(); ++l) {
      const Matrix moved = gamma(directions[ranef::at(l)], Matrix::Zero(q, q), h);
      hessian(k, l) += moved.cwiseProduct(directions[ranef::at(k)]).sum();
    }
  }
  constexpr double kStep = 1e-4;
  for (Index k = 0; k < s.size(); ++k) {
    double value[2];
    Matrix side_d[2];
    Vector side_gradient[2];
    for (int side = 0; side < 2; ++side) {
      Vector moved = x;
      moved(k) += side == 0 ? kStep : -kStep;
      side_d[side] = covariance(s, moved);
      value[side] = f(side_d[side], g, h);
      side_gradient[side].resize(s.size());
      s.gradient(moved.data(), gamma(side_d[side], g, h), side_gradient[side].data());
    }
    const Matrix dd = (side_d[0] - side_d[1]) / (2.0 * kStep);
    expect((dd - directions[ranef::at(k)]).norm() < 1e-6 * (1.0 + dd.norm()), name + ": direction");
    const double first = (value[0] - value[1]) / (2.0 * kStep);
    expect(std::abs(first - gradient(k)) < 1e-6 * (1.0 + std::abs(first)), name + ": gradient");
    const Vector second = (side_gradient[0] - side_gradient[1]) / (2.0 * kStep);
    expect((second - hessian.col(k)).norm() < 1e-6 * (1.0 + second.norm()), name + ": Hessian");
  }
  const Vector back = s.coordinates(s.parameters(x));
  expect((covariance(s, back) - d).norm() < 1e-12 * (1.0 + d.norm()), name + ": parameters");
  expect((covariance(s, s.canonical(x)) - d).norm() < 1e-13 * (1.0 + d.norm()),
         name + ": canonical");
  expect((covariance(s, s.scaled(x, 3.0)) - 9.0 * d).norm() < 1e-12 * (1.0 + 9.0 * d.norm()),
         name + ": scaled");
  Matrix base = 2.0 * Matrix::Identity(q, q);
  if (s.rescaling() != ranef::Rescaling::kCommon) base.diagonal().setLinSpaced(0.5, 4.0);
  const Vector outer = s.coordinates(s.on_scale(x, base));
  expect((covariance(s, outer) - ranef::congruent(base, d)).norm() < 1e-11 * (1.0 + 16 * d.norm()),
         name + ": on another scale");
  // Ways out: D moves along E, up to steps along the face.
  for (const ranef::Way& way : s.ways_out(x, slope, 1e-18)) {
    constexpr double kSmall = 1e-6;
    Matrix e = (covariance(s, s.leave(x, way, kSmall)) - d) / kSmall;
    if (way.towards.size() > 0) {
      const Matrix along = e - way.e;
      expect((along - in_span(along, directions)).norm() < 1e-4 * (1.0 + along.norm()),
             name + ": way out, along the face");
      e -= in_span(e, directions);
    }
    expect((e - way.e).norm() < 1e-4 * (1.0 + way.e.norm()), name + ": way out");
    const double rise = slope.cwiseProduct(e).sum();
    expect(std::abs(rise - way.slope) < 1e-4 * (1.0 + std::abs(rise)), name + ": slope out");
  }
  const auto face = s.face(x);
  expect((face->covariance() - d).norm() < 1e-13 * (1.0 + d.norm()), name + ": face");
  const Vector stay = Vector::Zero(face->size());
  expect((covariance(s, face->moved(stay, {})) - d).norm() < 1e-7 * (1.0 + d.norm()),
         name + ": face, no step");
  const std::vector<Matrix> on_face = face->directions();
  const Vector along = face->gradient(slope);
  for (Index k = 0; k < face->size(); ++k) {
    expect(std::abs(along(k) - slope.cwiseProduct(on_face[ranef::at(k)]).sum()) < 1e-9,
           name + ": slope along the face");
  }
}

Vector sequence(Index size, double from, double step) {
  return Vector::LinSpaced(size, from, from + step * static_cast<double>(size - 1));
}

}  // namespace

int main() {
  constexpr double kRight = 1.5707963267948966;
  const struct {
    const char* name;
    int q;
    int rank;
    std::vector<int> positions;
  } cases[] = {{"us", 3, 0, {}},      {"rr", 4, 2, {}},   {"rr", 4, 1, {}},
               {"homdiag", 3, 0, {}}, {"cs", 2, 0, {}},   {"cs", 4, 0, {}},
               {"homcs", 3, 0, {}},   {"ar1", 4, 0, {}},  {"ar1", 4, 0, {1, 2, 4, 7}},
               {"hetar1", 3, 0, {}},  {"toep", 4, 0, {}}, {"homtoep", 5, 0, {}}};
  for (const auto& c : cases) {
    ranef::Term term(0, 0, c.q, {c.name, c.rank, c.positions});
    const ranef::Chart chart({term}, {c.q});
    const ranef::Structure& s = chart.structure(0);
    check(c.name, s, sequence(s.size(), 0.9, -0.17));
    check(std::string(c.name) + " other side", s, sequence(s.size(), 2.3, -0.31));
    for (Index k = 0; k < s.size(); ++k) {
      if (std::string(c.name) == "us" || std::string(c.name) == "rr") break;
      Vector x = sequence(s.size(), 0.8, -0.1);
      const bool size = k < (c.name[0] == 'h' && c.name[1] == 'o' ? 1 : s.size());
      for (const double at : {0.0, kRight, -kRight}) {
        if (size && at != 0.0 && k == 0) continue;
        x(k) = at;
        check(std::string(c.name) + " on the boundary", s, x);
      }
    }
    Vector nothing = s.nearest(Matrix::Zero(c.q, c.q));
    check(std::string(c.name) + " nothing", s, nothing);
    const Matrix d = covariance(s, sequence(s.size(), 0.9, -0.07));
    expect((covariance(s, s.nearest(d)) - d).norm() < 1e-9 * d.norm(),
           std::string(c.name) + ": nearest of a member");
  }
  std::printf("%s\n", failures == 0 ? "structures: fine" : "structures: failed");
  return failures == 0 ? 0 : 1;
}
