#include "marginal/predictor.hpp"

namespace ranef {

namespace {

double read(const ColumnView& column, Index row) {
  const double value = column.values == nullptr ? 1.0 : column.values[row];
  return (value - column.shift) / column.scale;
}

}  // namespace

std::vector<double> linear_predictor(const GeneralisedRows& rows, const Vector& coefficients,
                                     const std::vector<std::vector<double>>& effects) {
  std::vector<double> out(at(rows.rows.n), 0.0);
  if (rows.offset != nullptr) out.assign(rows.offset, rows.offset + rows.rows.n);
  for (std::size_t k = 0; k < rows.rows.fixed.size(); ++k) {
    const double beta = coefficients(static_cast<Index>(k));
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] += beta * read(rows.rows.fixed[k], static_cast<Index>(i));
    }
  }
  for (std::size_t g = 0; g < effects.size(); ++g) {
    const GroupView& group = rows.rows.groups[g];
    const std::size_t q = group.columns.size();
    for (std::size_t a = 0; a < q; ++a) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] +=
            effects[g][at(group.codes[i]) * q + a] * read(group.columns[a], static_cast<Index>(i));
      }
    }
  }
  return out;
}

std::vector<double> channel_predictor(const GeneralisedRows& rows, const Channel& channel,
                                      const Vector& coefficients) {
  const auto p = static_cast<Index>(rows.rows.fixed.size());
  std::vector<double> out(at(rows.rows.n), 0.0);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (channel.which != nullptr && channel.which[i] >= 0) {
      out[i] = coefficients(p + channel.which[i]);
    }
    for (std::size_t k = 0; k < channel.columns.size() && channel.which == nullptr; ++k) {
      out[i] += coefficients(p + channel.coefficients[k]) *
                read(channel.columns[k], static_cast<Index>(i));
    }
  }
  return out;
}

std::vector<double> column_values(const ColumnView& column, Index n) {
  std::vector<double> out;
  out.reserve(at(n));
  for (Index i = 0; i < n; ++i) out.push_back(read(column, i));
  return out;
}

}  // namespace ranef
