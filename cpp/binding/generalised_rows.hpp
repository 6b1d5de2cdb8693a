// The rows of a generalised model as Python passes them, with the arrays that they view.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arrays.hpp"
#include "family/family.hpp"
#include "marginal/marginal.hpp"
#include "rows.hpp"

namespace ranef::binding {

// Throws ValueError for arrays that do not belong together.
class HeldGeneralisedRows {
 public:
  HeldGeneralisedRows(const nb::object& rows, const nb::object& offset, const nb::object& channels,
                      int others, const ranef::Family& family);
  HeldGeneralisedRows(const HeldGeneralisedRows&) = delete;
  HeldGeneralisedRows& operator=(const HeldGeneralisedRows&) = delete;

  const ranef::GeneralisedRows& view() const { return view_; }

 private:
  nb::object rows_;
  nb::tuple channels_;
  std::vector<std::vector<std::int32_t>> codes_;  // copies: they must stay within their bounds
  std::optional<Held<DoubleColumn>> offset_;
  ranef::GeneralisedRows view_;
};

}  // namespace ranef::binding
