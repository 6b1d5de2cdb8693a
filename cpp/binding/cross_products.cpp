// Cross-products: made from rows, added, pickled.
#include "rows/cross_products.hpp"

#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "checks.hpp"
#include "factor/pattern.hpp"
#include "module.hpp"
#include "rows.hpp"
#include "rows/cells.hpp"
#include "rows/change_response.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

nb::tuple state_of(const ranef::CrossProducts& a) {
  nb::list groups;
  for (const ranef::GroupBlocks& g : a.groups) {
    groups.append(nb::make_tuple(g.n_levels, g.q, move_out({g.diagonal.begin(), g.diagonal.end()}),
                                 move_out({g.fixed.begin(), g.fixed.end()})));
  }
  nb::list pairs;
  for (const ranef::PairBlocks& b : a.pairs) {
    pairs.append(nb::make_tuple(b.first, b.second,
                                nb::bytes(reinterpret_cast<const char*>(b.start.data()),
                                          b.start.size() * sizeof(std::int64_t)),
                                nb::bytes(reinterpret_cast<const char*>(b.level.data()),
                                          b.level.size() * sizeof(std::int32_t)),
                                move_out(std::vector<double>(b.values))));
  }
  return nb::make_tuple(a.n, a.p, a.sum_log_weights, a.fixed, groups, pairs);
}

template <class T>
std::vector<T> from_bytes(const nb::handle& value) {
  const auto bytes = nb::cast<nb::bytes>(value);
  if (bytes.size() % sizeof(T) != 0) throw nb::value_error("a part of a number");
  const T* data = reinterpret_cast<const T*>(bytes.c_str());
  return std::vector<T>(data, data + bytes.size() / sizeof(T));
}

template <class Vector>
Vector from_array(const nb::handle& value) {
  const auto array = nb::cast<DoubleColumn>(value);
  return Vector(array.data(), array.data() + array.shape(0));
}

void restore(ranef::CrossProducts& a, const nb::tuple& state) {
  check_state(state, 6);
  ranef::CrossProducts out;
  out.n = nb::cast<Index>(state[0]);
  out.p = nb::cast<int>(state[1]);
  out.sum_log_weights = nb::cast<double>(state[2]);
  out.fixed = nb::cast<Matrix>(state[3]);
  for (nb::handle item : state[4]) {
    const auto g = nb::cast<nb::tuple>(item);
    check_state(g, 4);
    out.groups.push_back({nb::cast<Index>(g[0]), nb::cast<int>(g[1]),
                          from_array<ranef::HugeVector>(g[2]),
                          from_array<ranef::HugeVector>(g[3])});
  }
  for (nb::handle item : state[5]) {
    const auto b = nb::cast<nb::tuple>(item);
    check_state(b, 5);
    out.pairs.push_back({nb::cast<int>(b[0]), nb::cast<int>(b[1]), from_bytes<std::int64_t>(b[2]),
                         from_bytes<std::int32_t>(b[3]), from_array<std::vector<double>>(b[4])});
  }
  check(out);
  new (&a) ranef::CrossProducts(std::move(out));
}

// A itself, dense, columns in the order of the groups, then X, then y: for the NumPy kernel.
Matrix dense(const ranef::CrossProducts& a) {
  std::vector<Index> offset;
  Index size = 0;
  for (const ranef::GroupBlocks& g : a.groups) {
    offset.push_back(size);
    size += g.n_levels * g.q;
  }
  const Index m = a.p + 1;
  Matrix out = Matrix::Zero(size + m, size + m);
  for (std::size_t g = 0; g < a.groups.size(); ++g) {
    const ranef::GroupBlocks& blocks = a.groups[g];
    const Index q = blocks.q;
    for (Index level = 0; level < blocks.n_levels; ++level) {
      const Index from = offset[g] + level * q;
      out.block(from, from, q, q) =
          Eigen::Map<const Matrix>(&blocks.diagonal[at(level * q * q)], q, q);
      out.block(from, size, q, m) =
          Eigen::Map<const Matrix>(&blocks.fixed[at(level * q * m)], q, m);
    }
  }
  for (const ranef::PairBlocks& b : a.pairs) {
    const Index qa = a.groups[at(b.first)].q;
    const Index qb = a.groups[at(b.second)].q;
    for (std::size_t row = 0; row + 1 < b.start.size(); ++row) {
      for (auto k = at(b.start[row]); k < at(b.start[row + 1]); ++k) {
        out.block(offset[at(b.first)] + static_cast<Index>(row) * qa,
                  offset[at(b.second)] + static_cast<Index>(b.level[k]) * qb, qa, qb) =
            Eigen::Map<const Matrix>(&b.values[k * at(qa * qb)], qa, qb);
      }
    }
  }
  out.bottomRightCorner(m, m) = a.fixed;
  return out.selfadjointView<Eigen::Upper>();
}

}  // namespace

void bind_cross_products(nb::module_& m) {
  nb::class_<ranef::CrossProducts>(m, "CrossProducts",
                                   "[Z X y]'W[Z X y] in blocks; sums over disjoint rows add.")
      .def_ro("n", &ranef::CrossProducts::n)
      .def_ro("p", &ranef::CrossProducts::p)
      .def_ro("sum_log_weights", &ranef::CrossProducts::sum_log_weights)
      .def_ro("fixed", &ranef::CrossProducts::fixed)
      .def_prop_ro("fixed_part",
                   [](const ranef::CrossProducts& a) {
                     const ranef::FixedPart found = ranef::fixed_part(a);
                     return nb::make_tuple(found.independence, found.unexplained);
                   })
      .def("dense", &dense)
      .def_prop_ro("sizes",
                   [](const ranef::CrossProducts& a) {
                     std::vector<std::tuple<Index, int>> out;
                     for (const auto& g : a.groups) out.emplace_back(g.n_levels, g.q);
                     return out;
                   })
      .def("__add__", [](const ranef::CrossProducts& a,
                         const ranef::CrossProducts& b) { return ranef::add(a, b); })
      .def("__getstate__", &state_of)
      .def("__setstate__", &restore);

  m.def(
      "combine",
      [](const std::vector<const ranef::CrossProducts*>& products, const Vector& coefficients,
         double sum_log_weights) {
        if (products.empty() || coefficients.size() != static_cast<Index>(products.size())) {
          throw nb::value_error("one coefficient for each of the cross-products");
        }
        for (const ranef::CrossProducts* one : products) {
          if (one == nullptr) throw nb::value_error("None is no cross-products");
        }
        nb::gil_scoped_release release;
        return ranef::combine(products, coefficients, sum_log_weights);
      },
      "products"_a, "coefficients"_a, "sum_log_weights"_a,
      "The sum of cross-products of the same rows, times coefficients.");

  m.def(
      "crossed",
      [](const ranef::CrossProducts& a) {
        if (a.groups.empty()) return nb::make_tuple(std::vector<int>(), Index{0}, false);
        const auto outline = ranef::make_outline(a);
        std::vector<int> groups;
        for (const ranef::TailGroup& group : outline->tail) groups.push_back(group.group);
        return nb::make_tuple(groups, outline->tail_columns, outline->chain.size() == 1);
      },
      "products"_a,
      "Factors that cross the others, by number, their columns, and whether one factor is left.");

  m.def(
      "order_of_tail",
      [](const ranef::CrossProducts& a) {
        nb::gil_scoped_release release;
        if (a.groups.empty()) return std::tuple{0.0, Index{0}};
        const ranef::TailPattern pattern = ranef::order_of_tail(a);
        return std::tuple{pattern.work, pattern.entries()};
      },
      "products"_a, "Multiplications for a factor of the crossed factors, and numbers it holds.");

  m.def(
      "cross_products",
      [](const Rows& rows, int threads) {
        nb::gil_scoped_release release;
        ranef::PassOptions options;
        options.threads = threads;
        return ranef::cross_products(rows.view(), options);  // it checks the codes
      },
      "rows"_a, "threads"_a,
      "[Z X y]'W[Z X y] of shifted and scaled columns, in one pass over the rows.");

  m.def(
      "change_response",
      [](const ranef::CrossProducts& a, const Rows& rows, int threads) {
        nb::gil_scoped_release release;
        ranef::PassOptions options;
        options.threads = threads;
        return ranef::change_response(a, rows.view(), options);  // it checks the codes
      },
      "cross_products"_a, "rows"_a, "threads"_a,
      "The cross-products of the same rows with another response.");

  m.def(
      "from_cells",
      [](const ranef::CrossProducts& products, const Matrix& rows) {
        nb::gil_scoped_release release;
        return ranef::from_cells(products, rows);
      },
      "products"_a, "rows"_a);
}

}  // namespace ranef::binding
