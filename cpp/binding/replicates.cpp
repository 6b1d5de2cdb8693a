// Replicates of a fitted model, refitted over threads.
#include <nanobind/stl/array.h>

#include <array>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "checks.hpp"
#include "module.hpp"
#include "refit_plan.hpp"
#include "replicate/refit.hpp"
#include "rows.hpp"
#include "rows/change_fixed.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

// A term, and (rows, q) values that its effects are drawn from.
using PoolArgument =
    std::tuple<ranef::Term, nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>>;

// The problem that replicates are made of, arranged once.
class Replication {
 public:
  Replication(const ranef::CrossProducts& a, bool reml, const std::vector<ranef::Term>& terms,
              const std::vector<ranef::TermPenalty>& priors, const Matrix& fixed_rows)
      : arranged_(ranef::arrange(a)),
        chart_(chart_from(terms, arranged_->q)),
        reml_(reml),
        penalty_(penalty_from(priors, arranged_->q)),
        fixed_rows_(fixed_rows) {
    if (fixed_rows.rows() > 0 && fixed_rows.cols() != arranged_->m) {
      throw nb::value_error("rows of another width than [X y]");
    }
  }
  Replication(const Replication&) = delete;
  Replication& operator=(const Replication&) = delete;

  ranef::Refits parametric(const RefitPlan& plan, const Vector& theta, const Vector& beta,
                           double sigma) const {
    const ranef::ParametricReplicates replicates(arranged_, truth(theta, beta, sigma, plan.seed));
    return run(replicates, plan);
  }

  ranef::Refits conditional(const RefitPlan& plan, const Vector& beta, double sigma,
                            const std::vector<DoubleColumn>& modes) const {
    if (modes.size() != arranged_->q.size()) throw nb::value_error("modes of each factor");
    std::vector<std::vector<double>> copies;
    for (std::size_t g = 0; g < modes.size(); ++g) {
      if (modes[g].size() != at(arranged_->n_levels[g]) * at(arranged_->q[g])) {
        throw nb::value_error("modes of another number of levels or columns");
      }
      copies.emplace_back(modes[g].data(), modes[g].data() + modes[g].size());
    }
    check_beta(beta);
    const ranef::ParametricReplicates replicates(arranged_, {{}, beta, sigma, plan.seed},
                                                 std::move(copies));
    return run(replicates, plan);
  }

  ranef::Refits residual(const RefitPlan& plan, const Rows& rows, const Vector& beta,
                         const std::vector<PoolArgument>& pools, const DoubleColumn& errors) const {
    check_beta(beta);
    check_rows(arranged_, rows.view());
    std::vector<ranef::EffectPool> effects;
    for (const auto& [term, values] : pools) {
      check_pool(term, static_cast<Index>(values.shape(0)), static_cast<Index>(values.shape(1)),
                 arranged_->q);
      effects.push_back(
          {term.group, term.offset, term.q, {values.data(), values.data() + values.size()}});
    }
    if (errors.size() == 0) throw nb::value_error("no errors to draw from");
    const ranef::ResidualReplicates replicates(arranged_, rows.view(), beta, std::move(effects),
                                               {errors.data(), errors.data() + errors.size()},
                                               plan.seed);
    return run(replicates, plan);
  }

  ranef::Refits cluster(const RefitPlan& plan, const Rows& rows) const {
    if (arranged_->n_groups != 1) throw nb::value_error("clusters of one grouping factor only");
    check_rows(arranged_, rows.view());
    const ranef::ClusterReplicates replicates(arranged_, rows.view(), plan.seed);
    return run(replicates, plan);
  }

  // Z'Wy by grouping factor, X'Wy and y'Wy of one parametric replicate.
  nb::tuple response(std::uint64_t seed, std::uint64_t k, const Vector& theta, const Vector& beta,
                     double sigma) const {
    const ranef::ParametricReplicates replicates(arranged_, truth(theta, beta, sigma, seed));
    ranef::ReplicateSpace space(arranged_);
    ranef::Arranged copy = arranged_;
    replicates.make(k, space, copy);
    nb::list groups;
    const std::vector<double*> starts = ranef::group_starts(arranged_, space.response.joint);
    for (std::size_t g = 0; g < starts.size(); ++g) {
      const std::size_t size = at(arranged_->n_levels[g]) * at(arranged_->q[g]);
      groups.append(nb::cast(move_out(std::vector<double>(starts[g], starts[g] + size))));
    }
    return nb::make_tuple(groups, space.response.joint.fixed, space.response.squares);
  }

  Index tail_columns() const { return arranged_->tail_columns; }

 private:
  void check_beta(const Vector& beta) const {
    if (beta.size() != arranged_->p) throw nb::value_error("beta has another length");
  }

  ranef::Truth truth(const Vector& theta, const Vector& beta, double sigma,
                     std::uint64_t seed) const {
    check_beta(beta);
    if (theta.size() != chart_.size()) throw nb::value_error("theta has another length");
    return {chart_.lambda(theta), beta, sigma, seed};
  }

  ranef::Refits run(const ranef::Replicates& replicates, const RefitPlan& plan) const {
    if (plan.start.size() != chart_.size()) throw nb::value_error("start has another length");
    if (plan.count < 0) throw nb::value_error("fewer replicates than none");
    const ranef::RefitControl control{.reml = reml_,
                                      .start = plan.start,
                                      .search = {plan.max_evaluations, plan.gain},
                                      .threads = plan.threads,
                                      .penalty = penalty_,
                                      .fixed_rows = fixed_rows_};
    ranef::Refits out;
    told(plan.tick, [&](const auto& proceed) {
      ranef::refit(arranged_, chart_, replicates, plan.first, plan.count, control, proceed, out);
    });
    return out;
  }

  ranef::Arranged arranged_;
  ranef::Chart chart_;
  bool reml_;
  ranef::Penalty penalty_;
  Matrix fixed_rows_;
};

}  // namespace

void bind_replicates(nb::module_& m) {
  m.def(
      "philox",
      [](const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key) {
        return ranef::Philox::block(counter, key);
      },
      "counter"_a, "key"_a, "One block of Philox4x32-10.");

  m.def(
      "change_fixed",
      [](const ranef::CrossProducts& a, const Matrix& change) {
        if (change.rows() != a.p + 1 || change.cols() < 1) {
          throw nb::value_error("one row for each column of [X y]");
        }
        nb::gil_scoped_release release;
        return ranef::change_fixed(a, change);
      },
      "cross_products"_a, "change"_a, "The same rows with [X y] times `change` for [X y].");

  nb::class_<RefitPlan>(m, "RefitPlan",
                        "How many replicates, drawn from which key, and how they are searched.\n\n"
                        "``tick`` is called with the number of replicates done, several times a "
                        "second.")
      .def(
          "__init__",
          [](RefitPlan* self, std::uint64_t seed, Index count, int threads, Vector start,
             int max_evaluations, double gain, nb::callable tick, std::uint64_t first) {
            new (self) RefitPlan{.seed = seed,
                                 .first = first,
                                 .count = count,
                                 .threads = threads,
                                 .start = std::move(start),
                                 .max_evaluations = max_evaluations,
                                 .gain = gain,
                                 .tick = std::move(tick)};
          },
          nb::kw_only(), "seed"_a, "count"_a, "threads"_a, "start"_a, "max_evaluations"_a, "gain"_a,
          "tick"_a, "first"_a = 0);

  using ranef::Refits;
  nb::class_<Refits>(m, "Refits", "Where searches ended: one column or entry a replicate.")
      .def_prop_ro("theta", [](const Refits& r) { return Matrix(r.theta); })
      .def_prop_ro("beta", [](const Refits& r) { return Matrix(r.beta); })
      .def_prop_ro("criterion", [](const Refits& r) { return Vector(r.criterion); })
      .def_prop_ro("sigma", [](const Refits& r) { return Vector(r.sigma); })
      .def_prop_ro("rows", [](const Refits& r) { return std::vector<double>(r.n); })
      .def_prop_ro("converged",
                   [](const Refits& r) {
                     std::vector<bool> out;
                     for (const ranef::OptimiseStatus s : r.status) {
                       out.push_back(s == ranef::OptimiseStatus::kConverged);
                     }
                     return out;
                   })
      .def_ro("evaluations", &Refits::evaluations);

  nb::class_<Replication>(m, "Replication", "A problem to make replicates of.")
      .def(nb::init<const ranef::CrossProducts&, bool, const std::vector<ranef::Term>&,
                    const std::vector<ranef::TermPenalty>&, const Matrix&>(),
           "cross_products"_a, "reml"_a, "terms"_a, "priors"_a, "fixed_rows"_a)
      .def_prop_ro("tail_columns", &Replication::tail_columns)
      .def("parametric", &Replication::parametric, "plan"_a, "theta"_a, "beta"_a, "sigma"_a)
      .def("conditional", &Replication::conditional, "plan"_a, "beta"_a, "sigma"_a, "modes"_a)
      .def("residual", &Replication::residual, "plan"_a, "rows"_a, "beta"_a, "pools"_a, "errors"_a)
      .def("cluster", &Replication::cluster, "plan"_a, "rows"_a)
      .def("response", &Replication::response, "seed"_a, "k"_a, "theta"_a, "beta"_a, "sigma"_a);
}

}  // namespace ranef::binding
