// How a further predictor of a family follows from coefficients, as Python passes it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "marginal/marginal.hpp"
#include "rows.hpp"

namespace ranef::binding {

// Columns with their coefficients, or the coefficient of each row. Columns are held, codes copied:
// they must stay within their bounds.
class ChannelArgument {
 public:
  ChannelArgument(const nb::object& columns, const Scales& shifts, const Scales& scales,
                  std::vector<int> coefficients, const nb::object& which);

  // Throws if columns or codes are not of n rows, or a coefficient is not one of so many.
  void check(Index n, int others) const;
  // How many coefficients it can use, at most.
  std::size_t most() const;
  // Marks the coefficients that the channel uses.
  void mark(std::vector<bool>& used) const;
  ranef::Channel view() const;

 private:
  HeldColumns columns_;
  std::vector<int> coefficients_;
  std::optional<std::vector<std::int32_t>> which_;
};

}  // namespace ranef::binding
