// Predictors of rows, in the order of the data.
#pragma once

#include <vector>

#include "marginal/marginal.hpp"

namespace ranef {

// o + X beta + Z b with effects b by grouping factor, level-major, q each. Without effects: b = 0.
std::vector<double> linear_predictor(const GeneralisedRows& rows, const Vector& coefficients,
                                     const std::vector<std::vector<double>>& effects);

// psi of a channel.
std::vector<double> channel_predictor(const GeneralisedRows& rows, const Channel& channel,
                                      const Vector& coefficients);

// A column as it is read, shifted and scaled.
std::vector<double> column_values(const ColumnView& column, Index n);

}  // namespace ranef
