// Passes over the rows of a generalised model: from random effects to the sums that a Laplace
// approximation is made of.
//
// Rows are cut into runs by the levels alone, and the sums of runs are added in their order: the
// same bits on any number of threads.
#pragma once

#include <array>
#include <vector>

#include "factor/level_solve.hpp"
#include "family/family.hpp"
#include "linalg/parallel.hpp"
#include "marginal/pattern_blocks.hpp"
#include "marginal/row_kernels.hpp"
#include "marginal/row_map.hpp"

namespace ranef {

struct PassSums {
  double log_density = 0.0;
  double magnitude = 0.0;        // sum of |l|
  std::vector<double> by_level;  // of a single factor: sum of l
  Effects scores;                // Z'g
};

// Numbers of a row that a pass computes.
struct RowBuffer {
  using Rows = std::array<double, static_cast<std::size_t>(kChunk)>;
  Rows eta, level, work;
  std::array<Rows, 5> d;
  std::array<std::array<Rows, 4>, kMostChannels> psi;
  std::array<std::array<Rows, 3>, 3> psi2;
};

class WorkingRows {
 public:
  WorkingRows(const RowMap& map, const Family& family, int threads);

  const RowMap& map() const { return map_; }
  const Family& family() const { return family_; }
  int threads() const { return threads_; }
  int channels() const { return static_cast<int>(map_.channels().size()); }
  Index coefficients() const { return static_cast<Index>(map_.fixed().size()) + map_.others(); }

  const std::vector<RowRun>& runs() const { return map_.runs(); }

  // Predictors without random effects: o + X beta, and psi.
  void set_coefficients(const Vector& coefficients);

  // l, g and W at random effects b; A = Z'WZ. False where some number is not finite.
  bool pass(const Effects& b, PassSums& sums, Numbers& a);
  // A with the expected weights.
  bool expected_pass(const Effects& b, Numbers& a);

  // Sums of the gradient, first part: with lev_i = z_i'P z_i, Z'a for a = -l''' lev. Leaves numbers
  // by row for the second part.
  void gradient_pass(const Effects& b, const PatternBlocks& p, Effects& z_a);
  // X'(a - 2 g + l'' v), and the like for the other coefficients, with v = Z y.
  Vector slopes(const Effects& y);

  // Derivatives of the rows of a chunk at random effects b, without what is known of them; with l
  // itself or without it, which takes a logarithm.
  void derivatives(const Effects& b, RowRange rows, RowOrder order, RowBuffer& buffer,
                   bool with_density = false) const;
  void predict(const Effects& b, RowRange rows, double* eta) const;
  // Rows with predictors that are given by row of the chunk.
  FamilyRows family_rows(RowRange rows, const double* eta) const;
  // out += Z b.
  void add_random(const Effects& b, RowRange rows, double* out) const;
  // out += sums of v over the columns of X, and of a channel.
  void add_fixed(RowRange rows, const double* v, double* out) const;
  void add_channel(int channel, RowRange rows, const double* v, double* out) const;
  // Changes of eta and of psi along coefficient k; the second is false where there is none.
  void fixed_change(Index k, RowRange rows, double* out) const;
  bool channel_change(int channel, Index k, RowRange rows, double* out) const;
  // lev.
  void forms(const PatternBlocks& p, RowRange rows, double* out) const;

  // Z'v and Z'diag(w)Z for numbers of all rows, from what is not the first factor.
  void other_scores(const double* v, Effects& out) const;
  void other_blocks(const double* w, Numbers& a) const;
  // The same for the first factor over one run.
  void run_scores(RowRange rows, const double* v, Effects& out) const;
  void run_blocks(RowRange rows, const double* w, Numbers& a) const;
  void clear_run(const RowRun& run, Numbers* a, Effects* scores) const;

  bool lone() const { return map_.groups().size() <= 1; }
  int first_group() const {
    return map_.pattern().chain.empty() ? -1 : map_.pattern().chain[0].group;
  }

  // Calls use(run number, run) for all runs on the threads; and use(rows) for the chunks of one.
  template <class Use>
  void for_runs(Use use) const {
    run_tasks(static_cast<Index>(runs().size()), threads_,
              [&](Index k) { use(at(k), runs()[at(k)]); });
  }
  template <class Use>
  static void for_chunks(const RowRun& run, Use use) {
    for (Index from = run.first_row; from < run.last_row; from += kChunk) {
      use(RowRange{from, std::min(run.last_row, from + kChunk)});
    }
  }

 private:
  Vector add_up(const std::vector<Vector>& parts) const;

  const RowMap& map_;
  const Family& family_;
  int threads_;
  HugeVector base_;                // o + X beta
  std::vector<HugeVector> psi_;    // by channel
  HugeVector g_, w_;               // by row, where there are several factors
  HugeVector slope_, curvature_;   // a - 2 g and l''
  std::vector<HugeVector> cross_;  // l'_psi by channel
  Vector partial_;                 // sums of the first part
};

}  // namespace ranef
