#include "marginal/mode_slopes.hpp"

#include "marginal/level_modes.hpp"

namespace ranef {

template <int Q>
bool mode_slopes(LevelRun<Q>& run, const double* u, const std::vector<Matrix>& directions,
                 ModeSlopes& out) {
  using Block = Eigen::Matrix<double, Q, Q>;
  using Wide = Eigen::Matrix<double, Q, Eigen::Dynamic>;
  const std::size_t channels = run.channels();
  const Index changes = static_cast<Index>(directions.size());
  const Index coefficients = run.all().coefficients;
  const Index width = changes + coefficients;
  DerivativeArrays mode(run.n());
  mode.eta(0, 2).psi(channels, 1, 1);
  std::vector<Peak<Q>> peaks;
  const RowOrder order = channels > 0 ? RowOrder::kGradient : RowOrder::kPass;
  if (!stand_at_modes<Q>(run, u, order, mode, peaks)) return false;
  const Eigen::Map<const Block> lambda(run.lambda());
  bool fine = true;
  for (Index j = 0; j < run.levels(); ++j) {
    Wide own = Wide::Zero(Q, coefficients);
    for (Index i = run.from(j); i < run.to(j); ++i) {
      for (std::size_t d = 0; d <= channels; ++d) {
        const double weight = d == 0 ? mode.eta(2)[i] : mode.psi_of(d - 1, 1)[i];
        run.all().designs[d].each(run.row() + i, [&](Index place, double x) {
          for (int a = 0; a < Q; ++a) own(a, place) += weight * x * run.z(i)[a];
        });
      }
    }
    Block minus_a;
    weighted_gram<Q>(run.z(0), mode.eta(2), run.from(j), run.to(j), minus_a.data());
    const Block half = lambda * Eigen::Map<const Block>(peaks[at(j)].root.data());
    const Block p = half * half.transpose();
    const Block kept = Block::Identity() + p * minus_a;
    const Eigen::Map<const Eigen::Matrix<double, Q, 1>> dual(peaks[at(j)].dual.data());
    const Index place = (run.first() + j) * Q * width;
    Eigen::Map<Wide> effects(&out.effects[at(place)], Q, width);
    Eigen::Map<Wide> duals(&out.dual[at(place)], Q, width);
    for (Index k = 0; k < changes; ++k) effects.col(k) = kept * (directions[at(k)] * dual);
    effects.rightCols(coefficients) = p * own;
    duals = minus_a * effects;
    duals.rightCols(coefficients) += own;
    fine = fine && effects.allFinite() && duals.allFinite();
  }
  return fine;
}

template bool mode_slopes<1>(LevelRun<1>&, const double*, const std::vector<Matrix>&, ModeSlopes&);
template bool mode_slopes<2>(LevelRun<2>&, const double*, const std::vector<Matrix>&, ModeSlopes&);
template bool mode_slopes<3>(LevelRun<3>&, const double*, const std::vector<Matrix>&, ModeSlopes&);

}  // namespace ranef
