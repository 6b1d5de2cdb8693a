// Starts all over the place, for models of few rows, whose criterion can have valleys anywhere.
#pragma once

#include <vector>

#include "structure/chart.hpp"

namespace ranef {

// Of structured correlations: from more on a search takes long, and few starts have to do.
inline constexpr int kManyAngles = 12;

// SDs of 0.1 to 100 residual SDs on the scale of columns of unit size, equally likely in
// logarithms, and any correlations. Always the same ones, so that a fit can be repeated.
std::vector<Vector> scattered_starts(const Chart& chart);

// Beside `theta`: correlations of a structured term far on the other side of zero, its standard
// deviations as they are. One term at a time: all of its correlations, then each of several.
std::vector<Vector> starts_on_other_sides(const Chart& chart, const Vector& theta);

}  // namespace ranef
