#include "arrays.hpp"

#include <utility>

namespace ranef::binding {

NumpyVector move_out(std::vector<double>&& values) {
  auto* kept = new std::vector<double>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  return NumpyVector(kept->data(), {kept->size()}, owner);
}

NumpyBlocks move_out(std::vector<double>&& values, Index levels, int rows, int columns) {
  auto* kept = new std::vector<double>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  const std::int64_t strides[3] = {static_cast<std::int64_t>(rows) * columns, 1, rows};
  const std::size_t shape[3] = {at(levels), static_cast<std::size_t>(rows),
                                static_cast<std::size_t>(columns)};
  return NumpyBlocks(kept->data(), 3, shape, owner, strides);
}

}  // namespace ranef::binding
