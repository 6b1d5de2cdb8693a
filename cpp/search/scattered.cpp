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

}  // namespace ranef
