// The parts of the search on functions with known minima.
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "search/lbfgs.hpp"
#include "search/trust_region.hpp"

namespace {

using ranef::DescentEnd;
using ranef::DescentPoint;
using ranef::Index;
using ranef::Matrix;
using ranef::Vector;

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s\n", what.c_str());
}

// Rosenbrock's valley in any even dimension; its minimum is 0 at (1, 1, ...).
bool rosenbrock(DescentPoint& point) {
  const Vector& x = point.theta;
  point.value = 0.0;
  point.gradient = Vector::Zero(x.size());
  for (Index k = 0; k + 1 < x.size(); k += 2) {
    const double bend = x(k + 1) - x(k) * x(k);
    point.value += 100.0 * bend * bend + (1.0 - x(k)) * (1.0 - x(k));
    point.gradient(k) += -400.0 * x(k) * bend - 2.0 * (1.0 - x(k));
    point.gradient(k + 1) += 200.0 * bend;
  }
  return true;
}

ranef::Descent descent_of(bool (*evaluate)(DescentPoint&), int& evaluations, int limit) {
  ranef::Descent descent;
  descent.evaluate = [evaluate, &evaluations](DescentPoint& point) {
    ++evaluations;
    return evaluate(point);
  };
  descent.stop = [&evaluations, limit] { return evaluations >= limit; };
  descent.taken = [](const DescentPoint&, double, double) {};
  descent.gain = 1e-14;
  return descent;
}

void quasi_newton() {
  int evaluations = 0;
  DescentPoint at;
  at.theta = Vector::Constant(6, -1.2);
  rosenbrock(at);
  const DescentEnd end = ranef::lbfgs(descent_of(rosenbrock, evaluations, 500), at);
  expect(end == DescentEnd::kConverged, "l-bfgs converges");
  expect((at.theta.array() - 1.0).abs().maxCoeff() < 1e-6, "l-bfgs finds the minimum");

  evaluations = 0;
  at.theta = Vector::Constant(6, -1.2);
  rosenbrock(at);
  const double before = at.value;
  expect(ranef::lbfgs(descent_of(rosenbrock, evaluations, 5), at) == DescentEnd::kStopped,
         "l-bfgs stops when told to");
  expect(evaluations == 5 && at.value <= before, "l-bfgs keeps what it had reached");

  evaluations = 0;
  at.theta = Vector::Constant(6, -1.2);
  rosenbrock(at);
  const auto broken = [](DescentPoint&) { return false; };
  expect(ranef::lbfgs(descent_of(broken, evaluations, 500), at) == DescentEnd::kNoProgress,
         "l-bfgs says when nothing can be evaluated");
}

void trust_region() {
  Matrix h = Matrix::Identity(3, 3);
  h(0, 0) = 4.0;
  Vector g(3);
  g << 4.0, 1.0, 0.0;
  const ranef::Step newton = ranef::trust_region_step(h, g, 10.0);
  expect(newton.fine && (h * newton.change + g).norm() < 1e-12,
         "the Newton step where it is short");
  expect(std::abs(newton.gain - 0.5 * (4.0 + 1.0)) < 1e-12, "what the model gains by it");
  const ranef::Step held = ranef::trust_region_step(h, g, 0.5);
  expect(std::abs(held.length - 0.5) < 1e-5 && held.gain > 0.0, "the radius holds");
  // On the edge of the region the minimiser solves (H + shift) step = -g with one shift.
  const Vector shifts = (-g - h * held.change).head(2).cwiseQuotient(held.change.head(2));
  expect(std::abs(shifts(0) - shifts(1)) < 1e-4 * shifts(0), "the edge is met by a shift");
  h(2, 2) = -1.0;
  const ranef::Step saddle = ranef::trust_region_step(h, g, 2.0);
  expect(std::abs(saddle.length - 2.0) < 1e-5 && saddle.gain > newton.gain, "saddles are left");
  h(1, 1) = std::numeric_limits<double>::quiet_NaN();
  expect(!ranef::trust_region_step(h, g, 1.0).fine, "without finite curvature there is no step");
}

}  // namespace

int main() {
  quasi_newton();
  trust_region();
  if (failures == 0) std::printf("search: all as expected\n");
  return failures == 0 ? 0 : 1;
}
