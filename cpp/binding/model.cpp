#include "model.hpp"

namespace ranef::binding {

namespace {

void check_columns(const std::vector<int>& columns, std::size_t count) {
  for (const int k : columns) {
    if (k < -1 || k >= static_cast<int>(count)) throw nb::value_error("no such column");
  }
}

}  // namespace

ranef::ModelView model_view(const ModelArgument& argument, const DoubleColumn& response,
                            const std::optional<DoubleColumn>& weights) {
  const auto& [columns, centred, groups, random, fixed] = argument;
  ranef::ModelView model;
  model.n = static_cast<Index>(response.shape(0));
  const auto check_length = [&](std::size_t length) {
    if (static_cast<Index>(length) != model.n) throw nb::value_error("columns of other lengths");
  };
  if (centred.size() != columns.size()) throw nb::value_error("one flag for each column");
  for (std::size_t k = 0; k < columns.size(); ++k) {
    check_length(columns[k].shape(0));
    model.columns.push_back({columns[k].data(), model.n, centred[k]});
  }
  for (const auto& [codes, n_levels] : groups) {
    check_length(codes.shape(0));
    if (n_levels < 1 || n_levels > model.n) throw nb::value_error("levels without rows");
    model.groups.push_back({codes.data(), n_levels});
  }
  std::vector<bool> used_by_a_term(groups.size(), false);
  for (const auto& [group, used] : random) {
    if (group < 0 || group >= static_cast<int>(groups.size())) {
      throw nb::value_error("no such grouping factor");
    }
    check_columns(used, columns.size());
    if (used.empty()) throw nb::value_error("a random-effects term without columns");
    used_by_a_term[static_cast<std::size_t>(group)] = true;
    model.random.push_back({group, used, {}, ranef::Rescaling::kAny});
  }
  for (const bool used : used_by_a_term) {
    if (!used) throw nb::value_error("a grouping factor without columns");
  }
  check_columns(fixed, columns.size());
  model.fixed = fixed;
  model.response = response.data();
  if (weights) {
    check_length(weights->shape(0));
    model.weights = weights->data();
  }
  return model;
}

}  // namespace ranef::binding
