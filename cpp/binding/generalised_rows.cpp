#include "generalised_rows.hpp"

#include <algorithm>

#include "channel.hpp"
#include "checks.hpp"

namespace ranef::binding {

HeldGeneralisedRows::HeldGeneralisedRows(const nb::object& rows, const nb::object& offset,
                                         const nb::object& channels, int others,
                                         const ranef::Family& family)
    : rows_(rows), channels_(channels) {
  view_.rows = nb::cast<const Rows&>(rows_, false).view();
  check_levels(view_.rows);
  for (ranef::GroupView& group : view_.rows.groups) {
    codes_.emplace_back(group.codes, group.codes + view_.rows.n);
    group.codes = codes_.back().data();
  }
  if (!offset.is_none()) {
    offset_ = hold_numbers(offset);
    check_length(static_cast<Index>(offset_->numbers.shape(0)), view_.rows.n);
    view_.offset = offset_->numbers.data();
  }
  std::vector<bool> used;
  if (static_cast<int>(channels_.size()) != family.channels()) {
    throw nb::value_error("one channel for each further predictor of the family");
  }
  std::size_t most = 0;
  for (nb::handle item : channels_) most += nb::cast<const ChannelArgument&>(item, false).most();
  if (others < 0 || at(others) > most) throw nb::value_error("a coefficient without use");
  used.resize(at(others));
  for (nb::handle item : channels_) {
    const auto& channel = nb::cast<const ChannelArgument&>(item, false);
    channel.check(view_.rows.n, others);
    channel.mark(used);
    view_.channels.push_back(channel.view());
  }
  if (std::count(used.begin(), used.end(), false) > 0) {
    throw nb::value_error("a coefficient without use");
  }
  view_.others = others;
}

}  // namespace ranef::binding
