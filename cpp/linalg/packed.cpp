#include "linalg/packed.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "linalg/checkpoint.hpp"
#include "linalg/parallel.hpp"

namespace ranef {

namespace {

// Up to this many columns LAPACK on one thread is faster than threads are started.
constexpr Index kOnePanel = 1500;
constexpr Index kPanelWidth = 256;
constexpr Index kChunk = 256;

// Each task is done by one thread and depends on no other.
template <class Work>
void share(Index tasks, const Work& work) {
  run_tasks(tasks, static_cast<int>(std::thread::hardware_concurrency()), work);
}

Index chunks(Index rows) { return (rows + kChunk - 1) / kChunk; }

}  // namespace

std::vector<Index> panel_boundaries(const std::vector<Index>& starts) {
  const Index size = starts.back();
  if (size <= kOnePanel) return size == 0 ? std::vector<Index>{0} : std::vector<Index>{0, size};
  std::vector<Index> boundaries{0};
  for (std::size_t k = 1; k < starts.size(); ++k) {
    if (starts[k] == size || starts[k + 1] - boundaries.back() > kPanelWidth) {
      boundaries.push_back(starts[k]);
    }
  }
  return boundaries;
}

Index packed_entries(const std::vector<Index>& boundaries) {
  Index entries = 0;
  for (std::size_t k = 0; k + 1 < boundaries.size(); ++k) {
    entries += (boundaries[k + 1] - boundaries[k]) * (boundaries.back() - boundaries[k]);
  }
  return entries;
}

Packed::Packed(std::vector<Index> boundaries)
    : boundaries_(std::move(boundaries)), values_(at(packed_entries(boundaries_)), 0.0) {
  std::int64_t offset = 0;
  column_start_.resize(at(size()));
  for (std::size_t k = 0; k < panels(); ++k) {
    offset_.push_back(offset);
    const Index rows = size() - first(k);
    for (Index j = first(k); j < first(k + 1); ++j) {
      column_start_[at(j)] = offset + (j - first(k)) * rows - first(k);
    }
    offset += rows * (first(k + 1) - first(k));
  }
}

Eigen::Map<Matrix> Packed::panel(std::size_t k) {
  return {values_.data() + offset_[k], size() - first(k), first(k + 1) - first(k)};
}

Eigen::Map<const Matrix> Packed::panel(std::size_t k) const {
  return {values_.data() + offset_[k], size() - first(k), first(k + 1) - first(k)};
}

void Packed::set_zero() { std::fill(values_.begin(), values_.end(), 0.0); }

bool Packed::cholesky() {
  if (!threaded()) return panels() == 0 || cholesky_lower(panel(0));
  for (std::size_t k = 0; k < panels(); ++k) {
    checkpoint();
    Eigen::Map<Matrix> own = panel(k);
    const Index width = own.cols();
    share(chunks(own.rows()), [&](Index task) {
      const Index from = task * kChunk;
      const Index rows = std::min(kChunk, own.rows() - from);
      for (std::size_t j = 0; j < k; ++j) {
        const Eigen::Map<const Matrix> before = std::as_const(*this).panel(j);
        const Index shift = first(k) - first(j);
        product(-1.0, before.middleRows(shift + from, rows), Form::kPlain,
                before.middleRows(shift, width), Form::kTransposed, 1.0,
                own.middleRows(from, rows));
      }
    });
    if (!cholesky_lower(own.topRows(width))) return false;
    const Index below = own.rows() - width;
    share(chunks(below), [&](Index task) {
      const Index from = width + task * kChunk;
      solve_lower_right(own.topRows(width),
                        own.middleRows(from, std::min(kChunk, own.rows() - from)), true);
    });
  }
  return true;
}

void Packed::invert() {
  if (!threaded()) {
    if (panels() == 1) inverse_from_cholesky(panel(0));
    return;
  }
  for (std::size_t k = panels(); k-- > 0;) {
    checkpoint();
    invert_panel(k);
  }
}

// With W the inverse over later columns and X = L_below L_kk^-1: W_below,k = -W X and
// W_kk = (L_kk L_kk')^-1 + X' W X.
void Packed::invert_panel(std::size_t k) {
  Eigen::Map<Matrix> own = panel(k);
  const Index width = own.cols();
  const Index below = own.rows() - width;
  Matrix x = own.bottomRows(below);
  share(chunks(below), [&](Index task) {
    const Index from = task * kChunk;
    solve_lower_right(own.topRows(width), x.middleRows(from, std::min(kChunk, below - from)),
                      false);
  });
  inverse_from_cholesky(own.topRows(width));
  if (below == 0) return;
  share(static_cast<Index>(panels() - k) - 1, [&](Index task) {
    const std::size_t i = k + 1 + at(task);
    const Index from = first(i) - first(k + 1);
    const Index rows = first(i + 1) - first(i);
    const Eigen::Map<const Matrix> column = std::as_const(*this).panel(i);
    Eigen::Block<Eigen::Map<Matrix>> y = own.middleRows(width + from, rows);
    // The square of panel i and all below it, transposed, are the row of W from i on.
    product(-1.0, column, Form::kTransposed, x.bottomRows(column.rows()), Form::kPlain, 0.0, y);
    for (std::size_t j = k + 1; j < i; ++j) {
      const Eigen::Map<const Matrix> before = std::as_const(*this).panel(j);
      product(-1.0, before.middleRows(first(i) - first(j), rows), Form::kPlain,
              x.middleRows(first(j) - first(k + 1), before.cols()), Form::kPlain, 1.0, y);
    }
  });
  Eigen::Block<Eigen::Map<Matrix>> square = own.topRows(width);
  product(-1.0, x, Form::kTransposed, own.bottomRows(below), Form::kPlain, 1.0, square);
  mirror_lower(square);
}

void Packed::solve(Eigen::Ref<Matrix> b, bool transposed) const {
  for (std::size_t step = 0; step < panels(); ++step) {
    const std::size_t k = transposed ? panels() - 1 - step : step;
    const Eigen::Map<const Matrix> own = panel(k);
    const Index width = own.cols();
    const Index below = own.rows() - width;
    auto here = b.middleRows(first(k), width);
    auto rest = b.bottomRows(below);
    if (transposed) {
      product(-1.0, own.bottomRows(below), Form::kTransposed, rest, Form::kPlain, 1.0, here);
      solve_lower(own.topRows(width), here, true);
    } else {
      solve_lower(own.topRows(width), here);
      product(-1.0, own.bottomRows(below), Form::kPlain, here, Form::kPlain, 1.0, rest);
    }
  }
}

}  // namespace ranef
