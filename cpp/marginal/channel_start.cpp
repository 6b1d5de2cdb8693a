#include "marginal/channel_start.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/decompose.hpp"
#include "linalg/spectrum.hpp"

namespace ranef {

namespace {

// Calls use(coefficient, value) for the parts of psi at one row, counted from the rows' first.
template <class Use>
void for_parts(const SortedChannel& channel, RowRange rows, Index i, Use use) {
  if (channel.which != nullptr) {
    const std::int32_t which = channel.which[rows.from + i];
    if (which >= 0) use(Index{which}, 1.0);
    return;
  }
  for (std::size_t k = 0; k < channel.columns.size(); ++k) {
    use(Index{channel.coefficients[k]}, channel.columns[k].from(rows.from)[i]);
  }
}

// The c at which F(c) = share, for the family whose lowest answer, 1, has log-density log F(psi -
// eta).
double cut_point(const Family& family, double share) {
  double low = -40.0;
  double high = 40.0;
  for (int k = 0; k < 60; ++k) {
    const double middle = 0.5 * (low + high);
    const double zero = 0.0;
    const double one = 1.0;
    const double eta = -middle;
    FamilyRows row{1, &eta, {&zero, &zero}, &one, nullptr};
    std::array<double, 3> found = {};
    RowDerivatives out;
    out.eta = {&found[0], &found[1], &found[2]};
    family.derivatives(row, RowOrder::kPass, out);
    (found[0] < std::log(share) ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

// By the shares of the answers, where eta is the mean offset.
void set_cut_points(const WorkingRows& rows, Eigen::Ref<Vector> cuts) {
  const RowMap& map = rows.map();
  constexpr double kNone = 0.5;  // rows that an answer has at least
  Vector counts = Vector::Constant(cuts.size() + 1, kNone);
  double offset = 0.0;
  for (Index i = 0; i < map.n(); ++i) {
    const std::int32_t which = map.channels()[0].which[i];
    counts(which >= 0 ? which : cuts.size()) += map.weights() == nullptr ? 1.0 : map.weights()[i];
    if (map.offset() != nullptr) offset += map.offset()[i] / static_cast<double>(map.n());
  }
  double below = 0.0;
  for (Index k = 0; k < cuts.size(); ++k) {
    below += counts(k);
    cuts(k) = offset + cut_point(rows.family(), below / counts.sum());
  }
}

}  // namespace

bool has_cut_points(const RowMap& map) {
  return map.channels().size() == 2 && map.channels()[0].which != nullptr &&
         map.channels()[1].which != nullptr;
}

namespace {

// What changes psi by one, in the root mean square over the rows, by coefficient.
Vector sizes_of(const RowMap& map) {
  Vector sums = Vector::Zero(map.others());
  for (const SortedChannel& channel : map.channels()) {
    WorkingRows::for_chunks({0, map.n(), 0, 0}, [&](RowRange rows) {
      for (Index i = 0; i < rows.size(); ++i) {
        for_parts(channel, rows, i, [&](Index k, double x) { sums(k) += x * x; });
      }
    });
  }
  for (double& sum : sums) sum = sum > 0.0 ? std::sqrt(static_cast<double>(map.n()) / sum) : 1.0;
  return has_cut_points(map) ? Vector::Ones(map.others()) : sums;
}

}  // namespace

Vector first_coefficients(const WorkingRows& rows) {
  const RowMap& map = rows.map();
  Vector out = Vector::Zero(rows.coefficients());
  const Index others = map.others();
  if (has_cut_points(map)) {
    set_cut_points(rows, out.tail(others));
    return out;
  }
  Matrix gram = Matrix::Zero(others, others);
  Vector right = Vector::Zero(others);
  for (int c = 0; c < rows.channels(); ++c) {
    const SortedChannel& channel = map.channels()[at(c)];
    const double psi = rows.family().start_psi(c);
    WorkingRows::for_chunks({0, map.n(), 0, 0}, [&](RowRange part) {
      for (Index i = 0; i < part.size(); ++i) {
        for_parts(channel, part, i, [&](Index k, double x) {
          right(k) += psi * x;
          for_parts(channel, part, i, [&](Index l, double z) { gram(k, l) += x * z; });
        });
      }
    });
  }
  if (right.squaredNorm() > 0.0) out.tail(others) = least_norm_solution(gram, right);
  return out;
}

ChannelSteps::ChannelSteps(WorkingRows& rows, const NormalPrior* normal)
    : rows_(rows), normal_(normal), sizes_(sizes_of(rows.map())) {}

double ChannelSteps::height(const Effects& b, const Vector& coefficients) {
  ++looks_;
  rows_.set_coefficients(coefficients);
  std::vector<double> parts(rows_.runs().size(), 0.0);
  rows_.for_runs([&](std::size_t k, const RowRun& run) {
    RowBuffer buffer;
    WorkingRows::for_chunks(run, [&](RowRange rows) {
      rows_.derivatives(b, rows, RowOrder::kPass, buffer, true);
      parts[k] += total(buffer.d[0].data(), rows.size());
    });
  });
  double out = 0.0;
  for (const double part : parts) out += part;
  return with_prior(out, coefficients);
}

double ChannelSteps::with_prior(double height, const Vector& coefficients) const {
  if (normal_ != nullptr) {
    const Vector away = coefficients - normal_->centre;
    height -= 0.5 * away.dot(normal_->precision * away);
  }
  return std::isfinite(height) ? height : -std::numeric_limits<double>::infinity();
}

ChannelSteps::Slopes ChannelSteps::slopes(const Effects& b, const Vector& coefficients) {
  ++looks_;
  rows_.set_coefficients(coefficients);
  const RowMap& map = rows_.map();
  const Index others = map.others();
  std::vector<Slopes> parts(rows_.runs().size());
  rows_.for_runs([&](std::size_t number, const RowRun& run) {
    RowBuffer buffer;
    Slopes& own = parts[number];
    own = {0.0, Vector::Zero(others), Matrix::Zero(others, others)};
    WorkingRows::for_chunks(run, [&](RowRange rows) {
      rows_.derivatives(b, rows, RowOrder::kHessian, buffer, true);
      own.height += total(buffer.d[0].data(), rows.size());
      for (int c = 0; c < rows_.channels(); ++c) {
        rows_.add_channel(c, rows, buffer.psi[at(c)][0].data(), own.gradient.data());
        for (int d = 0; d < rows_.channels(); ++d) {
          const double* both = buffer.psi2[at(c + d)][0].data();
          for (Index i = 0; i < rows.size(); ++i) {
            for_parts(map.channels()[at(c)], rows, i, [&](Index k, double x) {
              for_parts(map.channels()[at(d)], rows, i,
                        [&](Index l, double z) { own.hessian(k, l) += both[i] * x * z; });
            });
          }
        }
      }
    });
  });
  Slopes out{0.0, Vector::Zero(others), Matrix::Zero(others, others)};
  for (const Slopes& part : parts) {
    out.height += part.height;
    out.gradient += part.gradient;
    out.hessian += part.hessian;
  }
  out.height = with_prior(out.height, coefficients);
  if (normal_ != nullptr) {
    out.gradient -= (normal_->precision * (coefficients - normal_->centre)).tail(others);
    out.hessian -= normal_->precision.bottomRightCorner(others, others);
  }
  return out;
}

// Uphill in every case: along directions that bend upwards, too, and along flat ones not too far.
Vector ChannelSteps::newton(const Slopes& at) const {
  const Vector& size = sizes_;
  const Matrix bend = -(size.asDiagonal() * at.hessian * size.asDiagonal());
  const Spectrum spectrum = spectrum_of(bend);
  const Vector gradient = size.cwiseProduct(at.gradient);
  if (!spectrum.fine || !gradient.allFinite()) return Vector::Zero(size.size());
  const double flat = 1e-3 * static_cast<double>(rows_.map().n()) /
                      (has_cut_points(rows_.map()) ? static_cast<double>(size.size()) : 1.0);
  Vector along = spectrum.vectors.transpose() * gradient;
  for (Index k = 0; k < along.size(); ++k) {
    along(k) /= std::max(std::abs(spectrum.values(k)), flat);
  }
  return size.cwiseProduct(spectrum.vectors * along);
}

void ChannelSteps::step(const Effects& b, Vector& coefficients) {
  constexpr int kMost = 12;
  constexpr int kHalvings = 8;
  constexpr int kDoublings = 6;
  const Index others = rows_.map().others();
  if (others == 0) return;
  const double far = 0.05 * static_cast<double>(rows_.map().n());
  for (int k = 0; k < kMost; ++k) {
    const Slopes slope = slopes(b, coefficients);
    const double here = slope.height;
    Vector change = newton(slope);
    const double reach = change.cwiseQuotient(sizes_).cwiseAbs().maxCoeff();
    if (!(reach > 0.0)) return;
    if (reach > 1.0) change /= reach;
    const bool distant = change.dot(slope.gradient) > far;
    Vector best = coefficients;
    double top = here;
    const auto look = [&](double share) {
      Vector there = coefficients;
      there.tail(others) += share * change;
      const double found = height(b, there);
      if (!(found > top)) return false;
      top = found;
      best = there;
      return true;
    };
    bool risen = false;
    double share = 1.0;
    for (int i = 0; i < kHalvings && !risen; ++i, share *= 0.5) risen = look(share);
    if (risen && distant && share == 0.5) {
      for (int i = 1; i <= kDoublings && look(std::pow(2.0, i)); ++i) continue;
    }
    coefficients = best;
    if (!risen || !distant) return;
  }
}

}  // namespace ranef
