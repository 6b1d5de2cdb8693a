#include "search/scattered.hpp"

#include <cmath>

#include "linalg/philox.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

constexpr int kStarts = 8;
constexpr double kSmallest = 0.1;
constexpr double kRange = 1e3;
constexpr double kWidest = 1.4;  // of a right angle's 1.57

// The correlations of q vectors whose entries are standard normal.
Matrix correlations(int q, Stream& stream) {
  Matrix vectors(q, q);
  for (int a = 0; a < q; ++a) {
    for (int b = 0; b < q; ++b) vectors(a, b) = stream.normal();
  }
  vectors.rowwise().normalize();
  return outer_gram(vectors);
}

}  // namespace

std::vector<Vector> scattered_starts(const Chart& chart) {
  std::vector<Vector> out;
  for (int k = 0; k < kStarts; ++k) {
    Stream stream(0, static_cast<std::uint64_t>(k), 0);
    Vector theta = Vector::Zero(chart.size());
    for (std::size_t i = 0; i < chart.terms().size(); ++i) {
      const int q = chart.terms()[i].q;
      Vector sds(q);
      for (int a = 0; a < q; ++a) sds(a) = kSmallest * std::pow(kRange, stream.uniform());
      Matrix d = correlations(q, stream);
      for (int a = 0; a < q; ++a) {
        for (int b = 0; b < q; ++b) d(a, b) *= sds(a) * sds(b);
      }
      Vector part = chart.structure(i).nearest(d);
      // Start values of structured correlations are means of many, and small; these are not.
      for (double& angle : part.tail(chart.structure(i).angles())) {
        angle = kWidest * (2.0 * stream.uniform() - 1.0);
      }
      chart.set_part(theta, i, part);
    }
    out.push_back(theta);
  }
  return out;
}

std::vector<Vector> starts_on_other_sides(const Chart& chart, const Vector& theta) {
  constexpr double kFar = 1.0;  // a correlation of 0.84, on the scale from bound to bound
  const auto other_side = [](double angle) { return -std::copysign(kFar, std::sin(angle)); };
  std::vector<Vector> out;
  for (std::size_t i = 0; i < chart.terms().size(); ++i) {
    const int angles = chart.structure(i).angles();
    if (angles == 0) continue;
    const Vector part = chart.part(theta, i);
    const Index first = part.size() - angles;
    Vector all = part;
    for (double& angle : all.tail(angles)) angle = other_side(angle);
    out.push_back(theta);
    chart.set_part(out.back(), i, all);
    if (angles > kManyAngles) continue;
    for (Index k = first; angles > 1 && k < part.size(); ++k) {
      Vector one = part;
      one(k) = other_side(part(k));
      out.push_back(theta);
      chart.set_part(out.back(), i, one);
    }
  }
  return out;
}

}  // namespace ranef
