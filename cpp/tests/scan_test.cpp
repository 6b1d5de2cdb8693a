// Ends and codes of a column against plain loops, and the same on one, two and three threads.
#include "rows/scan.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace {

using ranef::at;
using ranef::Index;

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s\n", what.c_str());
}

template <class T>
std::vector<T> numbers(Index n, int spread, bool gap) {
  std::mt19937 random(3);
  std::vector<T> out;
  for (Index i = 0; i < n; ++i) {
    int value = static_cast<int>(random() % static_cast<unsigned>(spread));
    if (gap && value == spread / 2) ++value;
    out.push_back(static_cast<T>(value + 5));
  }
  return out;
}

template <class T>
void check_codes(const std::string& name, Index n, int spread, bool gap) {
  const std::vector<T> values = numbers<T>(n, spread, gap);
  std::vector<T> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  const auto low = static_cast<std::int64_t>(sorted.front());
  const auto high = static_cast<std::int64_t>(sorted.back());
  for (const int threads : {1, 2, 3}) {
    const ranef::Ends<T> found = ranef::ends(values.data(), n, threads);
    expect(found.low == sorted.front() && found.high == sorted.back(), name + ": ends");
    std::vector<std::int32_t> codes(at(n));
    const std::vector<double> occurring =
        ranef::whole_codes(values.data(), n, low, high, threads, codes.data());
    expect(std::equal(occurring.begin(), occurring.end(), sorted.begin(), sorted.end(),
                      [](double a, T b) { return a == static_cast<double>(b); }),
           name + ": numbers");
    bool same = true;
    for (Index i = 0; i < n; ++i) same = same && sorted[at(codes[at(i)])] == values[at(i)];
    expect(same, name + ": codes");
  }
}

void check_wrong(Index place) {
  constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values = numbers<double>(200'000, 60, false);
  std::vector<std::int32_t> codes(values.size());
  for (const double wrong : {0.5, 4.0, 65.0, 1e300, kMissing}) {
    const double kept = values[at(place)];
    values[at(place)] = wrong;
    for (const int threads : {1, 3}) {
      expect(ranef::whole_codes(values.data(), 200'000, 5, 64, threads, codes.data()).empty(),
             "a value without a code");
      const ranef::Ends<double> found = ranef::ends(values.data(), 200'000, threads);
      expect((wrong != wrong) == (found.low != found.low) &&
                 (wrong != wrong) == (found.high != found.high),
             "a missing value");
    }
    values[at(place)] = kept;
  }
}

}  // namespace

int main() {
  for (const bool gap : {false, true}) {
    const std::string name = gap ? "with a gap" : "all";
    check_codes<std::int64_t>("int64, " + name, 300'001, 70'000, gap);
    check_codes<std::int32_t>("int32, " + name, 150'000, 40, gap);
    check_codes<std::uint8_t>("uint8, " + name, 150'000, 200, gap);
    check_codes<double>("double, " + name, 150'000, 40, gap);
    check_codes<double>("few doubles, " + name, 3, 40, gap);
  }
  for (const Index place : {0, 65'535, 65'536, 199'999}) check_wrong(place);
  if (failures == 0) std::printf("all fine\n");
  return failures == 0 ? 0 : 1;
}
