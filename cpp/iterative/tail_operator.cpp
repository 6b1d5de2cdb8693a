#include "iterative/tail_operator.hpp"

#include <algorithm>

#include "iterative/level_kernels.hpp"
#include "linalg/clones.hpp"

namespace ranef {

namespace {

// One strip of a factor with one column against a tail factor alike, all numbers 1, eight columns
// side by side: ratings spend their time here.
RANEF_CLONES void unit_strip(const std::int64_t* start, const std::int32_t* place, const double* p,
                             Index from, Index to, const double* v, double* out) {
  for (Index level = from; level < to; ++level) {
    double sum[kWidth] = {};
    const std::int32_t* begin = place + start[level];
    const std::int32_t* end = place + start[level + 1];
    for (const std::int32_t* e = begin; e != end; ++e) {
      const double* x = v + Index{*e} * kWidth;
      for (int k = 0; k < kWidth; ++k) sum[k] += x[k];
    }
    for (int k = 0; k < kWidth; ++k) sum[k] *= -p[level];
    for (const std::int32_t* e = begin; e != end; ++e) {
      double* x = out + Index{*e} * kWidth;
      for (int k = 0; k < kWidth; ++k) x[k] += sum[k];
    }
  }
}

// out -= R' P R v over levels of chain factor i.
template <int W>
void strip(const ChainElimination& chain, std::size_t i, Index from, Index to, const double* v,
           double* out) {
  const ChainLevels& own = chain.levels(i);
  const int q = own.q;
  if constexpr (W == kWidth) {
    if (own.lists.size() == 1 && chain.values(i, 0) == nullptr) {
      const LevelList& list = own.lists[0];
      return unit_strip(list.start.data(), list.place.data(), chain.p(i), from, to,
                        v + list.offset * W, out + list.offset * W);
    }
  }
  std::vector<double> s(at(q * W));
  std::vector<double> ps(at(q * W));
  for (Index level = from; level < to; ++level) {
    std::fill(s.begin(), s.end(), 0.0);
    for (std::size_t r = 0; r < own.lists.size(); ++r) {
      pull<W>(own.lists[r], chain.values(i, r), level, v, s.data());
    }
    std::fill(ps.begin(), ps.end(), 0.0);
    add_times<W>(-1.0, chain.p(i) + level * q * q, q, q, s.data(), ps.data());
    for (std::size_t r = 0; r < own.lists.size(); ++r) {
      push<W>(own.lists[r], chain.values(i, r), level, ps.data(), out);
    }
  }
}

// out += A v for the blocks between two tail factors, both ways.
template <int W>
void meet(const TailRun& first, const LevelList& list, Index from, Index to, const double* v,
          double* out) {
  const double* values = list.unit() ? nullptr : list.values.data();
  std::vector<double> s(at(first.q * W));
  for (Index place = from; place < to; ++place) {
    const Index row = (first.offset + place * first.q) * W;
    std::fill(s.begin(), s.end(), 0.0);
    pull<W>(list, values, place, v, s.data());
    for (std::size_t k = 0; k < s.size(); ++k) out[at(row) + k] += s[k];
    push<W>(list, values, place, v + row, out);
  }
}

}  // namespace

void TailOperator::set_threads(int threads) {
  constexpr double kFew = 2e5;  // numbers, below which a thread costs more than it does
  threads_ = lists_.work() < kFew ? 1 : threads;
}

void TailOperator::apply(int width, const double* v, double* out) {
  with_width(width, [&](auto size) {
    constexpr int kW = decltype(size)::value;
    for (std::size_t r = 0; r < lists_.tail.runs.size(); ++r) {
      const TailRun& run = lists_.tail.runs[r];
      const double* block = lists_.tail_diagonal[r].data();
      for (Index place = 0; place < run.n_levels; ++place, block += run.q * run.q) {
        const Index row = (run.offset + place * run.q) * kW;
        std::fill_n(out + row, run.q * kW, 0.0);
        add_times<kW>(1.0, block, run.q, run.q, v + row, out + row);
      }
    }
    sums_.add(
        at(columns() * kW), threads_,
        [&](int s, double* own) {
          for (std::size_t i = 0; i < chain_.stages(); ++i) {
            const auto& strips = chain_.levels(i).strips;
            strip<kW>(chain_, i, strips[at(s)], strips[at(s) + 1], v, own);
          }
          for (const TailMeeting& meeting : lists_.meetings) {
            meet<kW>(lists_.tail.runs[meeting.first], meeting.list, meeting.strips[at(s)],
                     meeting.strips[at(s) + 1], v, own);
          }
        },
        out);
  });
}

std::vector<HugeVector> TailOperator::diagonal_blocks() {
  std::vector<Index> first;
  Index size = 0;
  for (const HugeVector& own : lists_.tail_diagonal) {
    first.push_back(size);
    size += static_cast<Index>(own.size());
  }
  HugeVector sum(at(size));
  for (std::size_t r = 0; r < first.size(); ++r) {
    std::copy(lists_.tail_diagonal[r].begin(), lists_.tail_diagonal[r].end(),
              sum.begin() + first[r]);
  }
  const auto add_stage = [&](std::size_t i, int s, double* out) {
    const ChainLevels& own = chain_.levels(i);
    const int q = own.q;
    std::vector<double> pr;
    for (Index level = own.strips[at(s)]; level < own.strips[at(s) + 1]; ++level) {
      const double* p = chain_.p(i) + level * q * q;
      for (std::size_t r = 0; r < own.lists.size(); ++r) {
        const LevelList& list = own.lists[r];
        const double* values = chain_.values(i, r);
        const auto from = at(list.start[at(level)]);
        const auto to = at(list.start[at(level) + 1]);
        double* blocks = out + first[r];
        if (values == nullptr) {
          for (std::size_t e = from; e < to; ++e) blocks[list.place[e]] -= p[0];
          continue;
        }
        const int columns = list.q_tail;
        pr.resize(at(q * columns));
        for (std::size_t e = from; e < to; ++e) {
          const double* block = values + e * at(q * columns);
          double* target = blocks + Index{list.place[e]} * columns * columns;
          for (int b = 0; b < columns; ++b) {
            for (int a = 0; a < q; ++a) {
              double value = 0.0;
              for (int c = 0; c < q; ++c) value += p[a + c * q] * block[c + b * q];
              pr[at(a + b * q)] = value;
            }
          }
          for (int b = 0; b < columns; ++b) {
            for (int a = 0; a < columns; ++a) {
              double value = 0.0;
              for (int c = 0; c < q; ++c) value += block[c + a * q] * pr[at(c + b * q)];
              target[a + b * columns] -= value;
            }
          }
        }
      }
    }
  };
  sums_.add(
      at(size), threads_,
      [&](int s, double* own) {
        for (std::size_t i = 0; i < chain_.stages(); ++i) add_stage(i, s, own);
      },
      sum.data());
  std::vector<HugeVector> out;
  for (std::size_t r = 0; r < first.size(); ++r) {
    const auto begin = sum.begin() + first[r];
    out.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(lists_.tail_diagonal[r].size()));
  }
  return out;
}

}  // namespace ranef
