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
#include "replicate/refit.hpp"
#include "rows/change_fixed.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

// seed, first replicate, count, threads, start, evaluations, gain, called with the number done
using PlanArgument =
    std::tuple<std::uint64_t, std::uint64_t, Index, int, Vector, int, double, nb::callable>;

// group, offset, (rows, q) values
using PoolArgument = std::tuple<int, int, nb::ndarray<const double, nb::ndim<2>, nb::c_contig>>;

// The problem that replicates are made of, arranged once.
class Replication {
 public:
  Replication(const ranef::CrossProducts& a, bool reml, const TermList& terms,
              const std::vector<PenaltyArgument>& priors, const Matrix& fixed_rows)
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

  nb::tuple parametric(const PlanArgument& plan, const Vector& theta, const Vector& beta,
                       double sigma) const {
    const ranef::ParametricReplicates replicates(arranged_,
                                                 truth(theta, beta, sigma, std::get<0>(plan)));
    return run(replicates, plan);
  }

  nb::tuple conditional(const PlanArgument& plan, const Vector& beta, double sigma,
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
    const ranef::ParametricReplicates replicates(arranged_, {{}, beta, sigma, std::get<0>(plan)},
                                                 std::move(copies));
    return run(replicates, plan);
  }

  nb::tuple residual(const PlanArgument& plan, const std::vector<GroupArgument>& groups,
                     const ColumnsArgument& fixed, const std::optional<DoubleColumn>& weights,
                     const Vector& beta, const std::vector<PoolArgument>& pools,
                     const DoubleColumn& errors) const {
    check_beta(beta);
    const ranef::RowsView rows =
        rows_view(groups, fixed, std::nullopt, 0.0, 1.0, weights, arranged_.numbers.n);
    check_rows(arranged_, rows, false);
    std::vector<ranef::EffectPool> effects;
    for (const auto& [group, offset, values] : pools) {
      if (group < 0 || group >= arranged_->n_groups || offset < 0 || values.shape(0) == 0 ||
          values.shape(1) == 0 ||
          offset > arranged_->q[at(group)] - static_cast<Index>(values.shape(1))) {
        throw nb::value_error("a pool lies outside of its grouping factor");
      }
      effects.push_back({group,
                         offset,
                         static_cast<int>(values.shape(1)),
                         {values.data(), values.data() + values.size()}});
    }
    if (errors.size() == 0) throw nb::value_error("no errors to draw from");
    const ranef::ResidualReplicates replicates(arranged_, rows, beta, std::move(effects),
                                               {errors.data(), errors.data() + errors.size()},
                                               std::get<0>(plan));
    return run(replicates, plan);
  }

  nb::tuple cluster(const PlanArgument& plan, const std::vector<GroupArgument>& groups,
                    const ColumnsArgument& fixed, const DoubleColumn& response, double y_shift,
                    double y_scale, const std::optional<DoubleColumn>& weights) const {
    if (arranged_->n_groups != 1) throw nb::value_error("clusters of one grouping factor only");
    const ranef::RowsView rows =
        rows_view(groups, fixed, response, y_shift, y_scale, weights, arranged_.numbers.n);
    check_rows(arranged_, rows, false);
    const ranef::ClusterReplicates replicates(arranged_, rows, std::get<0>(plan));
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

  // theta, beta, criterion, sigma, rows, converged, evaluations: one column or entry a replicate.
  nb::tuple run(const ranef::Replicates& replicates, const PlanArgument& plan) const {
    const auto& [seed, first, count, threads, start, evaluations, gain, tick] = plan;
    if (start.size() != chart_.size()) throw nb::value_error("start has another length");
    if (count < 0) throw nb::value_error("fewer replicates than none");
    const ranef::RefitControl control{reml_,   start,    {evaluations, gain},
                                      threads, penalty_, fixed_rows_};
    ranef::Refits out;
    bool raised = false;
    {
      nb::gil_scoped_release release;
      const auto proceed = [&](Index done) {
        nb::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) {
          raised = true;
          return false;
        }
        try {
          tick(done);
        } catch (nb::python_error& error) {
          error.restore();
          raised = true;
          return false;
        }
        return true;
      };
      ranef::refit(arranged_, chart_, replicates, first, count, control, proceed, out);
    }
    if (raised) throw nb::python_error();
    std::vector<bool> converged;
    for (const ranef::OptimiseStatus s : out.status) {
      converged.push_back(s == ranef::OptimiseStatus::kConverged);
    }
    return nb::make_tuple(out.theta, out.beta, out.criterion, out.sigma, out.n, converged,
                          out.evaluations);
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

  nb::class_<Replication>(m, "Replication", "A problem to make replicates of.")
      .def(nb::init<const ranef::CrossProducts&, bool, const TermList&,
                    const std::vector<PenaltyArgument>&, const Matrix&>(),
           "cross_products"_a, "reml"_a, "terms"_a, "priors"_a, "fixed_rows"_a)
      .def_prop_ro("tail_columns", &Replication::tail_columns)
      .def("parametric", &Replication::parametric, "plan"_a, "theta"_a, "beta"_a, "sigma"_a)
      .def("conditional", &Replication::conditional, "plan"_a, "beta"_a, "sigma"_a, "modes"_a)
      .def("residual", &Replication::residual, "plan"_a, "groups"_a, "fixed"_a, "weights"_a.none(),
           "beta"_a, "pools"_a, "errors"_a)
      .def("cluster", &Replication::cluster, "plan"_a, "groups"_a, "fixed"_a, "response"_a,
           "y_shift"_a, "y_scale"_a, "weights"_a.none())
      .def("response", &Replication::response, "seed"_a, "k"_a, "theta"_a, "beta"_a, "sigma"_a);
}

}  // namespace ranef::binding
