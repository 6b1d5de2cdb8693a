#include "rows/scan.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "linalg/clones.hpp"
#include "linalg/parallel.hpp"

namespace ranef {

namespace {

constexpr Index kRun = Index{1} << 16;  // rows that a thread takes at a time

// Ends of one run into out[0] and out[1].
template <class T>
inline void plain_ends(const T* values, Index n, T* out) {
  T low = values[0];
  T high = values[0];
  for (Index i = 0; i < n; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  out[0] = low;
  out[1] = high;
}

RANEF_CLONES void run_ends(const std::int64_t* values, Index n, std::int64_t* out) {
  plain_ends(values, n, out);
}
RANEF_CLONES void run_ends(const std::int32_t* values, Index n, std::int32_t* out) {
  plain_ends(values, n, out);
}
template <class T>
void run_ends(const T* values, Index n, T* out) {
  plain_ends(values, n, out);
}

// Doubles by twos, and several of these at a time, so that one does not wait for another. NaN may
// be lost among the ends, but stays in a sum.
void run_ends(const double* values, Index n, double* out) {
  using Two = Eigen::Array2d;
  constexpr Index kTwo = 2;
  constexpr int kAtOnce = 4;
  Two low[kAtOnce];
  Two high[kAtOnce];
  Two trace[kAtOnce];
  for (int k = 0; k < kAtOnce; ++k) {
    low[k] = high[k] = Two::Constant(values[0]);
    trace[k].setZero();
  }
  Index i = 0;
  for (; i + kAtOnce * kTwo <= n; i += kAtOnce * kTwo) {
    for (int k = 0; k < kAtOnce; ++k) {
      const Two two = Eigen::Map<const Two>(values + i + k * kTwo);
      low[k] = low[k].min(two);
      high[k] = high[k].max(two);
      trace[k] += two - two;
    }
  }
  for (; i < n; ++i) {
    const Two one = Two::Constant(values[i]);
    low[0] = low[0].min(one);
    high[0] = high[0].max(one);
    trace[0] += one - one;
  }
  for (int k = 1; k < kAtOnce; ++k) {
    low[0] = low[0].min(low[k]);
    high[0] = high[0].max(high[k]);
    trace[0] += trace[k];
  }
  out[0] = low[0].minCoeff();
  out[1] = high[0].maxCoeff();
  if (trace[0].sum() == 0.0) return;  // infinite values leave a trace too
  for (i = 0; i < n; ++i) {
    if (values[i] != values[i]) out[0] = out[1] = values[i];
  }
}

// How far values lie above `low`, as codes. Zero where all are whole and none is further than
// `most`.
template <class T>
inline std::int64_t plain_places(const T* values, Index n, std::int64_t low, std::int64_t most,
                                 std::int32_t* out) {
  std::int64_t wrong = 0;  // negative where a place is, or more than `most`
  for (Index i = 0; i < n; ++i) {
    const auto place = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) -
                                                 static_cast<std::uint64_t>(low));
    wrong |= place | (place > most ? -1 : 0);
    out[i] = static_cast<std::int32_t>(place);
  }
  return wrong < 0 ? 1 : 0;
}

RANEF_CLONES std::int64_t places(const std::int64_t* values, Index n, std::int64_t low,
                                 std::int64_t most, std::int32_t* out) {
  return plain_places(values, n, low, most, out);
}
template <class T>
std::int64_t places(const T* values, Index n, std::int64_t low, std::int64_t most,
                    std::int32_t* out) {
  return plain_places(values, n, low, most, out);
}
std::int64_t places(const double* values, Index n, std::int64_t low, std::int64_t most,
                    std::int32_t* out) {
  const auto first = static_cast<double>(low);
  const auto last = static_cast<double>(low + most);
  std::int64_t wrong = 0;
  for (Index i = 0; i < n; ++i) {
    const bool inside = values[i] >= first && values[i] <= last;
    const auto whole = static_cast<std::int64_t>(inside ? values[i] : first);
    wrong |= static_cast<double>(whole) != values[i] ? 1 : 0;
    out[i] = static_cast<std::int32_t>(whole - low);
  }
  return wrong;
}

// Which places occur: written by several threads, each of which only ever writes a one.
class Occurring {
 public:
  explicit Occurring(std::size_t size) : is_(size) {}

  void mark(const std::int32_t* place, Index n) {
    for (Index i = 0; i < n; ++i) {
      std::atomic<std::uint8_t>& one = is_[at(place[i])];
      if (one.load(std::memory_order_relaxed) == 0) one.store(1, std::memory_order_relaxed);
    }
  }
  bool operator[](std::size_t k) const { return is_[k].load(std::memory_order_relaxed) != 0; }
  bool all() const {
    return std::all_of(is_.begin(), is_.end(), [](const std::atomic<std::uint8_t>& one) {
      return one.load(std::memory_order_relaxed) != 0;
    });
  }

 private:
  std::vector<std::atomic<std::uint8_t>> is_;
};

}  // namespace

template <class T>
Ends<T> ends(const T* values, Index n, int threads) {
  std::vector<T> found(at(2 * ((n + kRun - 1) / kRun)));
  run_parts(n, kRun, threads, [&](Index from, Index to) {
    run_ends(values + from, to - from, &found[at(2 * (from / kRun))]);
  });
  Ends<T> out{found[0], found[1]};
  for (std::size_t k = 2; k < found.size(); k += 2) {
    if (found[k] != found[k]) return {found[k], found[k]};
    if (found[k] < out.low) out.low = found[k];
    if (found[k + 1] > out.high) out.high = found[k + 1];
  }
  return out;
}

template <class T>
std::vector<double> whole_codes(const T* values, Index n, std::int64_t low, std::int64_t high,
                                int threads, std::int32_t* codes) {
  const std::int64_t most = high - low;
  Occurring occurring(at(most + 1));
  std::atomic<bool> fine{true};
  // Codes as if all numbers occurred. Once they all have, no more is asked of a row; looked at
  // after 1, 2, 4, ... times the first rows.
  bool all = false;
  Index to = 0;
  for (Index next = std::max(kRun, 4 * (most + 1)); to < n && fine; next *= 2) {
    const Index from = std::exchange(to, all ? n : std::min(n, next));
    run_parts(to - from, kRun, threads, [&](Index first, Index last) {
      std::int32_t* out = codes + from + first;
      if (places(values + from + first, last - first, low, most, out) != 0) {
        fine = false;
      } else if (!all) {
        occurring.mark(out, last - first);
      }
    });
    all = all || occurring.all();
  }
  std::vector<double> numbers;
  if (!fine) return numbers;
  numbers.reserve(at(most + 1));
  std::vector<std::int32_t> position(all ? 0 : at(most + 1));
  for (std::int64_t k = 0; k <= most; ++k) {
    if (!all) position[at(k)] = static_cast<std::int32_t>(numbers.size());
    if (all || occurring[at(k)]) numbers.push_back(static_cast<double>(low + k));
  }
  if (!all) {
    run_parts(n, kRun, threads, [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) codes[i] = position[at(codes[i])];
    });
  }
  return numbers;
}

#define RANEF_SCANS(T)                                                                       \
  template Ends<T> ends(const T*, Index, int);                                               \
  template std::vector<double> whole_codes(const T*, Index, std::int64_t, std::int64_t, int, \
                                           std::int32_t*);
RANEF_SCANS(double)
RANEF_SCANS(std::int8_t)
RANEF_SCANS(std::int16_t)
RANEF_SCANS(std::int32_t)
RANEF_SCANS(std::int64_t)
RANEF_SCANS(std::uint8_t)
RANEF_SCANS(std::uint16_t)
RANEF_SCANS(std::uint32_t)
RANEF_SCANS(std::uint64_t)
#undef RANEF_SCANS

}  // namespace ranef
