#include "factor/minimum_degree.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace ranef {

namespace {

using Members = std::vector<std::int32_t>;

// Levels by degree: the least first, and among equals the one that came last.
class Degrees {
 public:
  explicit Degrees(Index n)
      : head_(at(n) + 1, -1), next_(at(n), -1), previous_(at(n), -1), degree_(at(n), -1) {}

  Index of(std::int32_t v) const { return degree_[at(v)]; }

  void put(std::int32_t v, Index degree) {
    if (degree_[at(v)] >= 0) take(v);
    degree_[at(v)] = degree;
    const std::int32_t first = head_[at(degree)];
    next_[at(v)] = first;
    previous_[at(v)] = -1;
    if (first >= 0) previous_[at(first)] = v;
    head_[at(degree)] = v;
    least_ = std::min(least_, degree);
  }

  void take(std::int32_t v) {
    const std::int32_t before = previous_[at(v)];
    const std::int32_t after = next_[at(v)];
    if (before >= 0) {
      next_[at(before)] = after;
    } else {
      head_[at(degree_[at(v)])] = after;
    }
    if (after >= 0) previous_[at(after)] = before;
    degree_[at(v)] = -1;
  }

  // There has to be one.
  std::int32_t least() {
    while (head_[at(least_)] < 0) ++least_;
    return head_[at(least_)];
  }

 private:
  std::vector<std::int32_t> head_;
  std::vector<std::int32_t> next_;
  std::vector<std::int32_t> previous_;
  std::vector<Index> degree_;
  Index least_ = 0;
};

class Quotient {
 public:
  Quotient(Index n, const Cliques& cliques) : n_(n), levels_(at(n)), mark_(at(n), -1), degrees_(n) {
    std::vector<Members> all;
    for (std::size_t k = 0; k + 1 < cliques.start.size(); ++k) {
      Members own(cliques.members.begin() + cliques.start[k],
                  cliques.members.begin() + cliques.start[k + 1]);
      if (own.size() < 2) continue;
      std::sort(own.begin(), own.end());
      all.push_back(std::move(own));
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    cliques_ = std::move(all);
    size_.resize(cliques_.size());
    seen_.assign(cliques_.size(), 0);
    for (std::size_t e = 0; e < cliques_.size(); ++e) {
      size_[e] = static_cast<Index>(cliques_[e].size());
      for (const std::int32_t v : cliques_[e])
        levels_[at(v)].push_back(static_cast<std::int32_t>(e));
    }
    for (std::int32_t v = 0; v < n; ++v) {
      Index degree = 0;
      for (const std::int32_t e : levels_[at(v)]) degree += size_[at(e)] - 1;
      degrees_.put(v, std::min(degree, n - 1));
    }
  }

  LevelOrder order(double dense, double effort) {
    constexpr double kMost = 1e8;  // neighbours that are kept
    double kept = 0.0;
    LevelOrder out;
    for (Index left = n_; left > 0; --left) {
      const std::int32_t v = degrees_.least();
      const auto others = static_cast<double>(left - 1);
      if (steps_ > effort || kept > kMost) break;
      if (others > 0.0 && static_cast<double>(degrees_.of(v)) > dense * others) {
        // Degrees are bounds from above: the decision is for the true one.
        const Index exact = neighbours_of(v);
        if (static_cast<double>(exact) > dense * others) break;
      }
      out.order.push_back(v);
      out.neighbours.push_back(eliminate(v, left));
      kept += static_cast<double>(out.neighbours.back().size());
    }
    return out;
  }

 private:
  // Levels that share a clique with v go to found_.
  Index neighbours_of(std::int32_t v) {
    found_.clear();
    mark_[at(v)] = ++stamp_;
    for (const std::int32_t e : levels_[at(v)]) {
      for (const std::int32_t u : cliques_[at(e)]) {
        if (mark_[at(u)] == stamp_) continue;
        mark_[at(u)] = stamp_;
        found_.push_back(u);
      }
      steps_ += static_cast<double>(cliques_[at(e)].size());
    }
    return static_cast<Index>(found_.size());
  }

  Members eliminate(std::int32_t v, Index left) {
    const Index size = neighbours_of(v);
    degrees_.take(v);
    Members own = found_;
    std::sort(own.begin(), own.end());
    // The new clique absorbs those of v, so that none that is left has a level that is gone.
    for (const std::int32_t e : levels_[at(v)]) absorb(e);
    levels_[at(v)] = {};
    const auto clique = static_cast<std::int32_t>(cliques_.size());
    cliques_.push_back(own);
    size_.push_back(size);
    seen_.push_back(0);
    outside(own);
    for (const std::int32_t u : own) {
      Members& in = levels_[at(u)];
      Index degree = size - 1;
      std::size_t kept = 0;
      for (const std::int32_t e : in) {
        if (size_[at(e)] < 0) continue;
        const Index beyond = outside_of(e);
        if (beyond == 0) {  // all of it is in the new clique
          absorb(e);
          continue;
        }
        degree += beyond;
        in[kept++] = e;
      }
      steps_ += static_cast<double>(in.size());
      in.resize(kept);
      in.push_back(clique);
      degree = std::min({degree, degrees_.of(u) + size - 1, left - 2});
      degrees_.put(u, std::max<Index>(degree, 0));
    }
    return own;
  }

  void absorb(std::int32_t e) {
    size_[at(e)] = -1;
    cliques_[at(e)] = {};
  }

  // How many members of each clique that meets `own` are not in it.
  void outside(const Members& own) {
    ++round_;
    for (const std::int32_t u : own) {
      for (const std::int32_t e : levels_[at(u)]) {
        if (size_[at(e)] < 0) continue;
        if (seen_[at(e)] / kRound != round_) {
          seen_[at(e)] = round_ * kRound + size_[at(e)];
        }
        --seen_[at(e)];
      }
      steps_ += static_cast<double>(levels_[at(u)].size());
    }
  }
  Index outside_of(std::int32_t e) const { return seen_[at(e)] % kRound; }

  static constexpr Index kRound = Index{1} << 32;

  Index n_;
  std::vector<Members> cliques_;
  std::vector<Index> size_;      // -1 once it is absorbed
  std::vector<Index> seen_;      // round * kRound + members outside of the newest clique
  std::vector<Members> levels_;  // cliques of each level
  std::vector<Index> mark_;
  Degrees degrees_;
  Members found_;
  Index stamp_ = 0;
  Index round_ = 0;
  double steps_ = 0.0;
};

}  // namespace

LevelOrder minimum_degree(Index n, const Cliques& cliques, double dense, double effort) {
  return Quotient(n, cliques).order(dense, effort);
}

}  // namespace ranef
