#include "curvature/changes.hpp"

#include "curvature/tangent.hpp"

namespace ranef {

namespace {

Tangent tangent(Criterion& criterion, const Change& change) {
  const Direction* direction = std::get_if<Direction>(&change);
  const Sweeps& sweeps = criterion.sweeps();
  Tangent t = direction != nullptr
                  ? zero_tangent(criterion.pattern())
                  : tangent_of(criterion.pattern(), *std::get<const Numbers*>(change));
  const Matrix tail = forward_tangent(sweeps, direction, t);
  t.top = criterion.outer().dtop(t.fixed);
  reverse_tangent(sweeps, direction, tail, criterion.top().value, t);
  return t;
}

// <Gamma, E> and <W, dA> along one change, or the same with dGamma and dW.
double along(const Criterion& criterion, const std::vector<Matrix>& gamma, OnPattern w,
             const Change& change) {
  if (const auto* direction = std::get_if<Direction>(&change)) {
    return gamma[at(direction->group)].cwiseProduct(direction->d).sum();
  }
  return inner(criterion.pattern(), w, *std::get<const Numbers*>(change));
}

void add_priors(const Criterion& criterion, const std::vector<Change>& changes, Matrix& out) {
  std::vector<Direction> directions;
  std::vector<Index> places;
  for (std::size_t k = 0; k < changes.size(); ++k) {
    const auto* direction = std::get_if<Direction>(&changes[k]);
    if (direction == nullptr) continue;
    directions.push_back(*direction);
    places.push_back(static_cast<Index>(k));
  }
  const auto count = static_cast<Index>(places.size());
  Matrix hessian = Matrix::Zero(count, count);
  criterion.penalty().add_hessian(directions, hessian);
  out(places, places) += hessian;
}

}  // namespace

Vector slopes(Criterion& criterion, const std::vector<Change>& changes) {
  const std::vector<Matrix>& gamma = criterion.gamma(true);
  const OnPattern w = criterion.sweeps().kept(criterion.top().value);
  Vector out(static_cast<Index>(changes.size()));
  for (std::size_t k = 0; k < changes.size(); ++k) {
    out(static_cast<Index>(k)) = along(criterion, gamma, w, changes[k]);
  }
  return out;
}

Matrix hessian_rows(Criterion& criterion, const std::vector<Change>& few,
                    const std::vector<Change>& others) {
  criterion.gamma(true);
  if (criterion.pattern().tail_columns > 0) criterion.sweeps().tail_products();
  Matrix out(static_cast<Index>(few.size()), static_cast<Index>(others.size()));
  for (Index k = 0; k < out.rows(); ++k) {
    const Tangent t = tangent(criterion, few[at(k)]);
    for (Index l = 0; l < out.cols(); ++l)
      out(k, l) = along(criterion, t.gamma, t.w(), others[at(l)]);
  }
  return out;
}

Matrix hessian_along(Criterion& criterion, const std::vector<Change>& changes) {
  Matrix out = hessian_rows(criterion, changes, changes);
  out = (0.5 * (out + out.transpose())).eval();
  add_priors(criterion, changes, out);
  return out;
}

}  // namespace ranef
