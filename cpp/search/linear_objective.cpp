#include "search/linear_objective.hpp"

#include "curvature/changes.hpp"
#include "curvature/curvature.hpp"
#include "search/start.hpp"
#include "search/valleys.hpp"

namespace ranef {

bool LinearObjective::stand_at(const std::vector<Matrix>& lambda, const Vector& phi,
                               double /*promised*/) {
  if (residual_ != nullptr) {
    residual_->stand_at(phi);
    criterion_.reload();
  }
  return criterion_.evaluate(lambda);
}

Vector LinearObjective::slopes() {
  Vector out(residual_->size());
  for (int k = 0; k < residual_->size(); ++k) {
    const Numbers change = residual_->first(k);
    out(k) = ranef::slopes(criterion_, {&change})(0) + residual_->log_first(k);
  }
  return out;
}

Matrix LinearObjective::second(const std::vector<Direction>& directions, bool exact) {
  const Matrix own = exact && has_exact() ? ranef::hessian(criterion_, directions)
                                          : average_information(criterion_, directions);
  if (residual_ == nullptr) return own;
  const Index count = own.rows();
  const int others = residual_->size();
  Matrix out = Matrix::Zero(count + others, count + others);
  out.topLeftCorner(count, count) = own;
  std::vector<Numbers> moves;
  for (int k = 0; k < others; ++k) moves.push_back(residual_->first(k));
  std::vector<Change> few;
  for (const Numbers& move : moves) few.emplace_back(&move);
  std::vector<Change> all(directions.begin(), directions.end());
  all.insert(all.end(), few.begin(), few.end());
  out.bottomRows(others) = hessian_rows(criterion_, few, all);
  for (int k = 0; k < others; ++k) {
    for (int l = 0; l < others; ++l) {
      const Numbers bend = residual_->second(k, l);
      out(count + k, count + l) +=
          ranef::slopes(criterion_, {&bend})(0) + residual_->log_second(k, l);
    }
  }
  out.topRightCorner(count, others) = out.bottomLeftCorner(others, count).transpose();
  return out;
}

WayCurvature LinearObjective::along_way(const Direction& direction) {
  const Matrix own = has_exact() ? ranef::hessian(criterion_, {direction})
                                 : average_information(criterion_, {direction});
  return {own(0, 0), Vector::Zero(chart().others())};
}

Vector LinearObjective::start() {
  if (residual_ != nullptr) {
    residual_->stand_at(Vector::Zero(residual_->size()));
    criterion_.reload();
  }
  return moment_start(criterion_.arranged(), criterion_.nu(), criterion_.reml(), chart(), threads_);
}

Valleys LinearObjective::other_valleys(const Vector& x, const ValleyControl& control,
                                       const std::function<bool()>& interrupted) {
  return ranef::other_valleys(*this, x, control, interrupted);
}

}  // namespace ranef
